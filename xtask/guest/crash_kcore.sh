# As with a kernel that has no /proc/kcore. Sourced by init, before crash.sh.
before() { mount --bind /dev/null /proc/kcore; }
