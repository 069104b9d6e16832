"""The generated files are what the generator makes of the installed botocore, and they say what its model says."""

import ast
import subprocess
import sys
import types
from pathlib import Path

import botocore.session
import msgspec
import pytest

from cenote import shapes
from cenote.shapes import cognito_identity, cognito_idp

GENERATOR = Path(__file__).parents[2] / "tools" / "make_shapes.py"


def test_the_generated_files_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_file_fails_the_check(tmp_path: Path) -> None:
    script = (
        f"import runpy, sys, pathlib; sys.argv = ['make_shapes.py', '--check']\n"
        f"names = runpy.run_path({str(GENERATOR)!r})\n"
        f"names['main'].__globals__['SHAPES'] = pathlib.Path({str(tmp_path)!r})\n"
        f"sys.exit(names['main']())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cognito_idp.json: out of date: run `make shapes`" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("service", "name"), [("cognito-idp", "cognito_idp"), ("cognito-identity", "cognito_identity")]
)
def test_the_stripped_model_has_every_operation_with_its_shapes_errors_and_auth(
    service: str, name: str
) -> None:
    ours = msgspec.json.decode(shapes.read_model(name))
    theirs = botocore.session.Session().get_service_model(service)
    assert set(ours["operations"]) == set(theirs.operation_names)
    assert ours["target_prefix"] == theirs.metadata["targetPrefix"]
    assert ours["signing_name"] == theirs.signing_name
    for operation_name, operation in ours["operations"].items():
        model = theirs.operation_model(operation_name)
        assert operation["input"] == model.input_shape.name
        assert operation.get("output") == (model.output_shape.name if model.output_shape else None)
        assert set(operation["errors"]) == {error.name for error in model.error_shapes}
        # Documented of these, and not in the model: a client's own id and secret authorise them.
        by_client = {"GetClientToken", "GetDerivedToken"}
        unsigned = model.auth_type == "none" or operation_name in by_client
        assert operation["signed"] is not unsigned


def test_the_stripped_model_carries_no_prose() -> None:
    text = shapes.read_model("cognito_idp")
    assert b"documentation" not in text
    assert len(text) < 200_000


def test_an_enum_is_a_literal_with_the_models_values_to_whoever_checks_types() -> None:
    stub = ast.parse(Path(cognito_identity.__file__).with_suffix(".pyi").read_text())
    (literal,) = (
        ast.unparse(node.value)
        for node in stub.body
        if isinstance(node, ast.AnnAssign)
        and node.value
        and ast.unparse(node.target) == "MappingRuleMatchType"
    )
    assert literal == "Literal['Equals', 'Contains', 'StartsWith', 'NotEqual']"


@pytest.mark.parametrize("module", [cognito_idp, cognito_identity])
def test_every_type_has_its_name_at_run_time(module: types.ModuleType) -> None:
    stub = ast.parse(Path(module.__file__ or "").with_suffix(".pyi").read_text())
    named = {node.name for node in stub.body if isinstance(node, ast.ClassDef)}
    named |= {
        node.target.id
        for node in stub.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert named
    assert {name for name in vars(module) if not name.startswith("__")} == named


def test_a_shape_is_a_plain_dict_at_run_time() -> None:
    assert cognito_idp.CreateGroupRequest(UserPoolId="p", GroupName="g") == {
        "UserPoolId": "p",
        "GroupName": "g",
    }
