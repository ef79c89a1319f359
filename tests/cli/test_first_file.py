import pytest

from nexsock.cli import first_file
from nexsock.config import load
from nexsock.model.project import ProjectRef


def reading(**files: str):
    texts = {name.replace("_", "."): text for name, text in files.items()}
    return lambda name: texts.get(name)


def test_an_empty_folder_gets_an_example():
    assert first_file.text(reading()) == first_file.HEAD + first_file.EXAMPLE + first_file.TAIL


def test_a_procfile_gives_its_processes():
    assert first_file.detect(reading(Procfile="web: serve $PORT\n# note\nworker: work --all\n")) == [
        first_file.Found("web", "serve $PORT", "Procfile", port=5000),
        first_file.Found("worker", "work --all", "Procfile"),
    ]


def test_a_process_that_uses_port_gets_the_number_that_foreman_gives_it():
    found = first_file.detect(reading(Procfile="web: serve $PORT\nworker: work\nadmin: serve ${PORT:-1} $PORTAL\n"))
    assert [service.port for service in found] == [5000, None, 5200]


@pytest.mark.parametrize(
    "files",
    [{}, {"Procfile": "web: serve -p $PORT ${MODE:-dev} $(pwd) $$\n"}, {"manage_py": "import django"}],
    ids=["example", "Procfile", "django"],
)
def test_what_is_written_is_good_and_hands_dollars_on_to_the_shell(files, tmp_path):
    (tmp_path / "nexsock.yaml").write_text(first_file.text(reading(**files)))
    project = load.load(ProjectRef(directory=str(tmp_path), files=(str(tmp_path / "nexsock.yaml"),), environ={}))
    (service,) = project.services.values()
    commands = [found.command for found in first_file.detect(reading(**files))] or ["python3 -m http.server $PORT"]
    assert (project.warnings, service.launch.command[2], "PORT" in service.launch.environment) == ((), *commands, True)


def test_package_json_gives_its_development_server():
    assert first_file.detect(reading(package_json='{"scripts": {"dev": "vite", "start": "node ."}}')) == [
        first_file.Found("web", "npm run dev", "package.json")
    ]


def test_a_package_json_that_makes_no_sense_gives_nothing():
    for text in ("{", "[]", '{"scripts": {}}'):
        assert first_file.detect(reading(package_json=text)) == []


def test_a_django_project_gets_a_port():
    (found,) = first_file.detect(reading(manage_py="from django.core.management import execute"))
    assert "http: 8000" in first_file.text(reading(manage_py="import django"))
    assert found.name == "app"


def test_a_command_with_quotes_stays_valid_yaml():
    import yaml

    text = first_file.text(reading(Procfile='web: echo "a: b" # c\n'))
    assert yaml.safe_load(text)["services"]["web"]["command"] == 'echo "a: b" # c'
