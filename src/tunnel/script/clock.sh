# embed: one line
# Prints `clock UPTIME TICKS`. Ages in seconds use one clock for both sides: the time since boot.
{ read -r up idle < /proc/uptime; } 2>/dev/null && echo "clock $up $(getconf CLK_TCK 2>/dev/null || echo 100)"
