# embed: one line
# Prints `clock UPTIME TICKS`. Ages in seconds are by a clock that both sides share: now minus the time since boot.
{ read -r up idle < /proc/uptime; } 2>/dev/null && echo "clock $up $(getconf CLK_TCK 2>/dev/null || echo 100)"
