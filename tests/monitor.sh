#!/bin/bash
# monitor.sh QEMU_SCRIPT KERNEL: types each command at the monitor's prompt and looks for its answer.
set -u
coproc machine { "$1" --processors 2 --stay --append 'stay test=Ke:?KeSetEvent*' "$2"; }
machine_id=$machine_PID input=${machine[1]} output=${machine[0]}
failed=0

# What the console says up to the prompt.
until_prompt() {
  local character
  text=''
  while [[ $text != *'mica> ' ]] && IFS= read -r -N 1 -t 60 -u "$output" character; do
    text+=$character
  done
  printf '%s' "$text"
}

ask() {
  printf '%s\r' "$1" >&"$input"
  until_prompt
  [[ $text == *"$2"* ]] || { echo "'$1' does not answer '$2'" >&2; failed=1; }
}

until_prompt
ask threads 'thread 8: priority 8'
ask irql 'this thread: level 0 on processor'
ask dpcs 'processor 1: 0 DPCs queued'
ask timers 'processor 0: '
ask pool ' blocks, '
ask objects '  Null: Device, '
ask help 'quit: ends the System'
ask $'hexx\x7f\x7flp' 'objects: the namespace'
ask nonsense "no command 'nonsense'"
printf 'quit\r' >&"$input"
wait "$machine_id" || { echo "status $? instead of 0 after quit" >&2; failed=1; }
exit $failed
