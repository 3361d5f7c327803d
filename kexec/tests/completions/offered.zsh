# SPDX-License-Identifier: MIT OR Apache-2.0
# Prints what zsh offers for the end of each command line, and a line "." after each:
# zsh -f offered.zsh LINE...
# Another zsh on a pseudo-terminal completes the line before its first prompt, and ends.
# From the environment: COMPLETIONS, the directory with _kexec; SHELL_COMMAND, which starts zsh; TREE,
# the directory that zsh was unpacked into, or nothing if it is installed.
export LINE ZDOTDIR=$(mktemp -d)
[[ -z $TREE ]] || module_path=($TREE/usr/lib/*/zsh/*(/))
zmodload zsh/zpty
cat > $ZDOTDIR/.zshrc <<'RC'
if [[ -n $TREE ]]; then
    module_path=($TREE/usr/lib/*/zsh/*(/))
    fpath=($TREE/usr/share/zsh/functions/**/*(/))
fi
fpath=($COMPLETIONS $fpath)
autoload -U compinit
compinit -u -d $ZDOTDIR/dump
# No question whether to list them all.
unsetopt auto_list
compadd() {
    # With these options nothing is offered: the matches go into an array.
    if [[ "${@[1,(i)(-|--)]} " != *\ -[OAD]\ * && $1 != -[OAD] ]]; then
        local -a matches
        builtin compadd -O matches "$@"
        (( $#matches )) && print -rl -- $matches >> $ZDOTDIR/offered
    fi
    builtin compadd "$@"
}
complete() {
    BUFFER=$LINE
    CURSOR=$#BUFFER
    zle complete-word
    exit
}
zle -N zle-line-init complete
RC
for LINE in "$@"; do
    : > $ZDOTDIR/offered
    zpty shell "TERM=dumb $SHELL_COMMAND -d -i"
    while zpty -r shell REPLY; do
        :
    done
    zpty -d shell
    print -r -- "$(< $ZDOTDIR/offered)"$'\n.'
done
rm -r $ZDOTDIR
