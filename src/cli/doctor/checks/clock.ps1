# Milliseconds since 1970.
[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()
