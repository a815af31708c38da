# Asks an interactive zsh what it completes, at a terminal of its own.
zmodload zsh/zpty
zpty shell "TERM=dumb zsh --no-rcs -i"
zpty -w shell 'unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u; PS1="> "; print loa''ded'
seen=
# until PATTERN: reads what the terminal shows until it matches.
until_shown() {
    local piece tries
    for tries in {1..100}; do
        while zpty -r -t shell piece; do seen+=$piece; done
        [[ $seen == *$~1* ]] && return 0
        sleep 0.1
    done
    print -r -- "not shown: $1; seen: ${(V)seen}"
    return 1
}
# completes TYPED WHOLE: after Tab the line is the whole word.
completes() {
    seen=
    zpty -w -n shell $1$'\t'
    until_shown $2 || exit 1
    # The line is thrown away.
    zpty -w -n shell $'\C-u'
}
until_shown loaded || exit 1
completes 'codehook rotat' 'rotate-master-key'
completes 'codehook hooks publ' 'hooks publish'
completes 'codehook run --hostn' '--hostname'
