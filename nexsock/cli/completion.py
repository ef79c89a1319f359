"""`completion SHELL`: the script that completes commands and the names of services; and what the scripts ask."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from nexsock import errors
from nexsock.cli import catalogue
from nexsock.cli.session import Session

app = typer.Typer(rich_markup_mode=None)

TAKE_SERVICES = (
    "up", "down", "plan", "status", "why", "logs", "events", "history", "diff", "top", "port", "url", "env",
    "start", "stop", "restart", "kill", "wait", "run", "exec", "attach", "remove",
)  # fmt: skip
"""Commands whose arguments are names of services."""

GROUPS_TAKE_SERVICES = ("git", "config", "dependency")
"""Commands with commands below them, whose arguments are names of services."""

BELOW = {
    "daemon": "start stop restart status logs install",
    "db": "status migrate rollback",
    "plugin": "list check new",
    "git": "clone status pull fetch checkout checkout-commit branches log",
    "config": "get update",
    "dependency": "add remove list",
    "completion": "bash zsh fish",
}


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


BASH = """\
# nexsock: put this into ~/.bashrc:  eval "$(nexsock completion bash)"
_nexsock() {
    local word="${COMP_WORDS[COMP_CWORD]}" command="" below="" index=1 project=()
    while [ "$index" -lt "$COMP_CWORD" ]; do
        case "${COMP_WORDS[index]}" in
            -f|--file|-p|--project-name|--project-directory|--env-file|--profile|--host)
                project+=("${COMP_WORDS[index]}" "${COMP_WORDS[index + 1]//[\\'\\"]/}")
                index=$((index + 1)) ;;
            -*) ;;
            *) command="${COMP_WORDS[index]}"; break ;;
        esac
        index=$((index + 1))
    done
    while [ "$((index += 1))" -lt "$COMP_CWORD" ]; do
        case "${COMP_WORDS[index]}" in
            -*) ;;
            *) below="${COMP_WORDS[index]}"; break ;;
        esac
    done
    case "$command $below" in
        " ") COMPREPLY=($(compgen -W "@COMMANDS@" -- "$word")) ;;
@BELOW_BASH@
        @SERVICES_BAR@)
            COMPREPLY=($(compgen -W "$(nexsock "${project[@]}" __complete services 2>/dev/null)" -- "$word")) ;;
        *) COMPREPLY=() ;;
    esac
}
complete -o default -F _nexsock nexsock
"""

ZSH = """\
#compdef nexsock
# nexsock: put this into ~/.zshrc:  eval "$(nexsock completion zsh)"
_nexsock() {
    local command="" below="" index=2
    local -a project
    while (( index < CURRENT )); do
        case "${words[index]}" in
            -f|--file|-p|--project-name|--project-directory|--env-file|--profile|--host)
                project+=(${(Q)words[index,index+1]})
                (( index++ )) ;;
            -*) ;;
            *) command="${words[index]}"; break ;;
        esac
        (( index++ ))
    done
    while (( ++index < CURRENT )); do
        case "${words[index]}" in
            -*) ;;
            *) below="${words[index]}"; break ;;
        esac
    done
    case "$command $below" in
        " ") local -a commands=(
@DESCRIBED_ZSH@
            )
            _describe command commands ;;
@BELOW_ZSH@
        @SERVICES_BAR@) compadd -- ${(f)"$(nexsock $project __complete services 2>/dev/null)"} ;;
        *) _files ;;
    esac
}
compdef _nexsock nexsock
"""

FISH = """\
# nexsock: put this into ~/.config/fish/completions/nexsock.fish:  nexsock completion fish > FILE
function __nexsock_parse
    set -l words (commandline -opc)
    set -g __nexsock_project
    set -g __nexsock_command
    set -g __nexsock_below
    set -l index 2
    while test $index -le (count $words)
        switch $words[$index]
            case -f --file -p --project-name --project-directory --env-file --profile --host
                if test -z "$__nexsock_command"
                    set -a __nexsock_project $words[$index] $words[(math $index + 1)]
                    set index (math $index + 1)
                end
            case '-*'
            case '*'
                if test -n "$__nexsock_command"
                    set -g __nexsock_below $words[$index]
                    break
                end
                set -g __nexsock_command $words[$index]
        end
        set index (math $index + 1)
    end
end
function __nexsock_services
    __nexsock_parse
    nexsock $__nexsock_project __complete services 2>/dev/null
end
function __nexsock_is_first
    __nexsock_parse
    test -z "$__nexsock_command"
end
function __nexsock_is_below
    __nexsock_parse
    test "$__nexsock_command" = $argv[1] -a -z "$__nexsock_below"
end
function __nexsock_takes_services
    __nexsock_parse
    contains -- "$__nexsock_command" @SERVICES@; and return
    test -n "$__nexsock_below"; and contains -- "$__nexsock_command" @GROUPS@
end
complete -c nexsock -n __nexsock_is_first -f
@DESCRIBED_FISH@
@BELOW_FISH@
complete -c nexsock -n __nexsock_takes_services -f -a "(__nexsock_services)"
"""


@app.command()
def completion(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", show_default=False)]
) -> None:
    """Print the completion script of a shell.

    bash and zsh: eval "$(nexsock completion bash)" in the start file of the shell. fish: save it as
    ~/.config/fish/completions/nexsock.fish.
    """
    session: Session = context.obj
    session.say(script(shell))


def script(shell: Shell) -> str:
    """The script, from the catalogue of commands."""
    described = {name: entry.summary.rstrip(".").replace("`", "") for name, entry in catalogue.COMMANDS.items()}
    template = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}[shell]
    parts = {
        "@COMMANDS@": " ".join(described),
        "@SERVICES@": " ".join(TAKE_SERVICES),
        "@GROUPS@": " ".join(GROUPS_TAKE_SERVICES),
        "@SERVICES_BAR@": "|".join(
            [*(f'"{name} "*' for name in TAKE_SERVICES), *(f'"{name} "?*' for name in GROUPS_TAKE_SERVICES)]
        ),
        "@BELOW_BASH@": "\n".join(
            f'        "{name} ") COMPREPLY=($(compgen -W "{words}" -- "$word")) ;;' for name, words in BELOW.items()
        ),
        "@BELOW_ZSH@": "\n".join(f'        "{name} ") compadd {words} ;;' for name, words in BELOW.items()),
        "@BELOW_FISH@": "\n".join(
            f'complete -c nexsock -n "__nexsock_is_below {name}" -f -a "{words}"' for name, words in BELOW.items()
        ),
        "@DESCRIBED_ZSH@": "\n".join(
            f'                "{name}:{text.replace(":", ",")}"' for name, text in described.items()
        ),
        "@DESCRIBED_FISH@": "\n".join(
            f'complete -c nexsock -n __nexsock_is_first -a {name} -d "{text}"' for name, text in described.items()
        ),
    }
    for mark, text in parts.items():
        template = template.replace(mark, text)
    return template


@app.command(name="__complete", hidden=True)
def complete(context: typer.Context, kind: str) -> int:  # noqa: ARG001 - services are the only kind
    """The names that a shell may complete, from the file; the launcher asks a running daemon first."""
    session: Session = context.obj
    try:
        found: Any = _services_of_file(session)
    except errors.NexsockError:
        return 0
    session.say("".join(f"{name}\n" for name in found))
    return 0


def _services_of_file(session: Session) -> list[str]:
    from nexsock.config import load

    project = load.load(session.project_here(with_environ=True))
    return [*project.groups, *project.services]
