from nexsock.cli import first_file


def reading(**files: str):
    texts = {name.replace("_", "."): text for name, text in files.items()}
    return lambda name: texts.get(name)


def test_an_empty_folder_gets_an_example():
    assert first_file.text(reading()) == first_file.HEAD + first_file.EXAMPLE + first_file.TAIL


def test_a_procfile_gives_its_processes():
    assert first_file.detect(reading(Procfile="web: serve $PORT\n# note\nworker: work --all\n")) == [
        first_file.Found("web", "serve $PORT", "Procfile"),
        first_file.Found("worker", "work --all", "Procfile"),
    ]


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
