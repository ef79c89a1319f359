"""Every command with the module that has it and the line that `nexsock --help` shows. Loads none of them."""

from typing import NamedTuple


class Entry(NamedTuple):
    module: str
    summary: str


GROUPS: dict[str, dict[str, Entry]] = {
    "Run": {
        "up": Entry("main", "Make the machine match the file: start what is missing, restart what changed."),
        "down": Entry("main", "Stop services until no process of them is left."),
        "plan": Entry("main", "Show what `up` would do now, and why, without doing it."),
        "watch": Entry("main", "Follow the files: apply changes until Ctrl-C."),
    },
    "See": {
        "ps": Entry("see", "List the services and how they do."),
        "status": Entry("see", "Show everything about one service."),
        "why": Entry("see", "Explain why a service is in the state that it is in."),
        "logs": Entry("streams", "Show what services wrote."),
        "events": Entry("streams", "Show what happened."),
        "history": Entry("see", "List the runs of a service."),
        "diff": Entry("see", "Show what differed between two runs of a service."),
        "timings": Entry(
            "see", "Draw how the last `up` went: what was held, what took how long, and the critical path."
        ),
        "top": Entry("top", "Show what services use: processor, memory, threads, files, ports."),
        "graph": Entry("see", "Draw what needs what."),
        "port": Entry("see", "Print the port of a service."),
        "url": Entry("see", "Print the address of a service."),
        "env": Entry("terminal", "Print the environment that a service gets."),
        "ls": Entry("see", "List the projects of this machine."),
    },
    "Act": {
        "start": Entry("act", "Start services, and what they need."),
        "stop": Entry("act", "Stop services and keep them stopped."),
        "restart": Entry("act", "Stop services and start them again."),
        "kill": Entry("act", "Send a signal to services."),
        "wait": Entry("act", "Wait until services are as they should be."),
        "run": Entry("terminal", "Run a service's command here, on this terminal."),
        "exec": Entry("terminal", "Run a command as a service would: its folder, its environment."),
        "attach": Entry("attach", "Look at the terminal of a service with `tty: true`, and type on it."),
    },
    "File": {
        "init": Entry("file", "Write a first nexsock.yaml."),
        "validate": Entry("file", "Check the file; report every problem with its place."),
        "config": Entry("config", "Print the file as it is understood; read or change a service in it."),
        "schema": Entry("file", "Print the JSON Schema of nexsock.yaml."),
        "add": Entry("edit", "Add a service to the file."),
        "remove": Entry("edit", "Remove a service from the file."),
        "dependency": Entry("edit", "List what services need, or change it in the file."),
    },
    "Git": {
        "git": Entry("git", "Look at the repositories of services, or move what is checked out."),
    },
    "Host": {
        "daemon": Entry("host", "Start, stop or look at the daemon."),
        "db": Entry("host", "Look at the memory of a project, or change its schema."),
        "plugin": Entry("plugin", "List the plugins, check one, or begin a new one."),
        "web": Entry("web", "Serve the web page and the REST API on this machine."),
        "doctor": Entry("doctor", "Check this machine and show every setting with its origin."),
        "completion": Entry("completion", "Print the completion script of a shell."),
        "version": Entry("host", "Print the version."),
    },
}

COMMANDS: dict[str, Entry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}

MODULES = {"__complete": "completion", **{name: entry.module for name, entry in COMMANDS.items()}}
"""The module of each command, with the one that is for the scripts of shells."""
