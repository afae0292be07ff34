# embed: one line
# Ends the process $victim that started at $born, if it is a live sshd. Prints `result` and the outcome.
same() { stat_of "$victim" && is_sshd && [ "$start" = "$born" ]; }
wait_end() {
  i=0
  while same && [ "$i" -lt "$patience" ]; do
    sleep 0.1 2>/dev/null || sleep 1
    i=$((i+1))
  done
}
if same && [ "$victim" != "$PPID" ]; then
  kill -TERM "$victim" 2>/dev/null
  wait_end
  if same; then
    kill -KILL "$victim" 2>/dev/null
    wait_end
  fi
  if same; then echo result survived; else echo result ended; fi
else
  echo result gone
fi
