"""Commands about the file: `init`, `validate`, `schema`. None of them needs the daemon."""

import os

import typer

from nexsock import errors
from nexsock.cli import first_file
from nexsock.cli.session import Session
from nexsock.views import document, problems, style

app = typer.Typer(rich_markup_mode=None)


@app.command()
def init(context: typer.Context) -> int:
    """Write a first nexsock.yaml.

    A Procfile, a package.json or a manage.py in the folder give its first services. An existing file is never touched.
    """
    session: Session = context.obj
    folder = os.path.join(session.cwd, session.options.project_directory or "")
    path = os.path.join(folder, "nexsock.yaml")
    text = first_file.text(lambda name: _read(os.path.join(folder, name)))
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise errors.UsageError(f"{path} exists already", hint="edit it, or move it away") from None
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    found = [service.name for service in first_file.detect(lambda name: _read(os.path.join(folder, name)))]
    told = f"Wrote {path}{' with ' + ', '.join(found) if found else ''}. Next: 'nexsock plan', 'nexsock up'.\n"
    return session.answer({"file": path, "services": found or ["web"]}, told)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


@app.command()
def validate(context: typer.Context) -> int:
    """Check the file; report every problem with its place."""
    from nexsock.config import load

    session: Session = context.obj
    found = load.problems(session.project_here(with_environ=True))
    ok = all(problem.severity != "error" for problem in found)
    if session.options.json:
        session.say(document.text({"ok": ok, "problems": document.plain(found)}))
    elif found:
        session.say(problems.render(found, colour=session.look.colour))
    if ok and not session.options.json and not session.options.quiet:
        session.say("The file is good.\n")
    if not ok:
        session.tell(f"{style.paint('error:', 'red', session.look.colour)} {problems.summary(found)}\n")
    return 0 if ok else 2


@app.command()
def schema(context: typer.Context) -> None:
    """Print the JSON Schema of nexsock.yaml.

    Editors use it through a first line such as '# yaml-language-server: $schema=nexsock.schema.json'.
    """
    from nexsock.config import schema as schemas

    session: Session = context.obj
    session.say(schemas.text())
