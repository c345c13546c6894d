# on-disk-of.sh FOLDER SIZE COMMAND...: runs a command where FOLDER is a disk of SIZE, and says how
# it ended and how many files are on the disk.
folder=$1 size=$2
shift 2
export folder size
unshare -rm bash -c '
  mount -t tmpfs -o size="$size" none "$folder" || exit
  "$@"
  echo "exit status $?"
  echo "files left: $(ls -A "$folder" | wc -l)"' bash "$@"
