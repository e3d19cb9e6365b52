"""What the tests of the command share."""

import pytest
from emoji_edge.cli import main


@pytest.fixture
def run(capsysbinary):
    """Run the command in this process: exit status, standard output, standard error."""

    def run_main(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = end.code
        out, err = capsysbinary.readouterr()
        return status, out.decode(), err.decode()

    return run_main
