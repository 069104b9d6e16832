"""What functions write goes into the log, line by line, with their names."""

import logging
from typing import Any

import pytest
from tests.local_functions import Machine, called, need_node

from cenote.outbound.functions import FunctionFailed
from cenote.server.logs import JsonFormatter, TextFormatter


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cenote.functions")


def written(caplog: pytest.LogCaptureFixture) -> list[tuple[str, Any]]:
    """Each line with the name of its function."""
    return [
        (record.getMessage(), record.__dict__["function"])
        for record in caplog.records
        if record.name == "cenote.functions"
    ]


async def test_each_line_is_one_of_the_log_with_the_functions_name_and_the_call(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
        import sys

        print("at the import")

        def handler(event, context):
            print("to standard output")
            print("to standard error: 100%s", file=sys.stderr)
            sys.stdout.write("without an end")
            return context.aws_request_id
    """
    request_id = await called(machine.host(source, name="talker"))
    await machine.close()
    assert written(caplog) == [
        ("at the import", "talker"),
        ("to standard output", "talker"),
        ("to standard error: 100%s", "talker"),
        ("without an end", "talker"),
    ]
    assert caplog.records[1].__dict__["request_id"] == request_id
    for formatter in (JsonFormatter(), TextFormatter(color=False)):
        line = formatter.format(caplog.records[2])
        assert "talker" in line
        assert "100%s" in line


async def test_node_writes_too(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    need_node()
    source = "export const handler = async () => { console.log('said'); console.error('complained') }\n"
    await machine.host(source, runtime="nodejs").invoke(b"{}", key="k")
    lines = [line for line, _ in written(caplog)]
    assert any(line.endswith("said") for line in lines)
    assert any(line.endswith("complained") for line in lines)


async def test_an_error_and_its_stack_are_one_event(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(FunctionFailed):
        await called(machine.host("def handler(event, context):\n    raise ValueError('no')\n"))
    (line,) = [line for line, _ in written(caplog) if "ValueError" in line]
    assert line.startswith("[ERROR] ValueError: no\nTraceback (most recent call last):\n")
    assert "app.py" in line


async def test_lines_are_read_while_the_function_runs_however_many_and_long(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """A pipe that nobody reads would stop the function."""
    source = """
        def handler(event, context):
            print("x" * 300_000)
            for number in range(20_000):
                print("line", number)
    """
    await called(machine.host(source, timeout=60))
    lines = [line for line, _ in written(caplog)]
    assert sum(len(line) for line in lines if set(line) == {"x"}) == 300_000
    assert lines[-1] == "line 19999"


async def test_bytes_that_are_no_text_are_logged_as_far_as_they_are(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    source = "import os\ndef handler(event, context):\n    os.write(1, b'\\xff\\xfe caf\\xc3\\xa9\\n')\n"
    await called(machine.host(source))
    assert written(caplog) == [("\ufffd\ufffd café", "f")]


@pytest.mark.parametrize("how", ["raise ValueError", "import os; os._exit(1)", "return None"])
async def test_case_84_nothing_of_an_event_is_logged_that_the_function_does_not_write(
    machine: Machine, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    function = machine.host(f"def handler(event, context):\n    {how}\n")
    for _ in range(2):
        try:
            await called(function, {"password": "Correct-Horse-9"})
        except FunctionFailed as failed:
            assert "Correct-Horse-9" not in str(failed)
    await machine.close()
    for record in caplog.records:
        assert "Correct-Horse-9" not in JsonFormatter().format(record)


async def test_what_ends_a_function_is_logged(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FunctionFailed):
        await called(
            machine.host("def handler(event, context):\n    while True: pass\n", name="slow", timeout=1)
        )
    assert ("a function took too long and is killed", "slow") in written(caplog)
    with pytest.raises(FunctionFailed):
        await called(machine.host("import nosuch\n", name="broken"))
    assert ("a function cannot be initialized", "broken") in written(caplog)
    with pytest.raises(FunctionFailed):
        await called(
            machine.host("import os\ndef handler(event, context):\n    os._exit(3)\n", name="crashing")
        )
    assert ("a function has ended", "crashing") in written(caplog)
    assert caplog.records[-1].__dict__["status"] == 3
