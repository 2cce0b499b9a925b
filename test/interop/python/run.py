"""Runs the suites; writes what came of each test, a line of JSON, to the file of the first argument."""

import faulthandler
import json
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).parent

# The longest test takes some seconds; one that hangs is to say where.
TEST_SECONDS_MAX = 60


class Report(unittest.TestResult):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def startTest(self, test):
        super().startTest(test)
        faulthandler.dump_traceback_later(TEST_SECONDS_MAX, exit=True)

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()

    def tell(self, test, outcome, message=""):
        suite = type(test).__module__.removeprefix("test_")
        # What is set up for a whole class has the name of the class.
        name = str(test).split(" ")[0]
        line = {"suite": suite, "name": name, "outcome": outcome, "message": message}
        print(json.dumps(line), file=self.file, flush=True)

    def addSuccess(self, test):
        self.tell(test, "passed")

    def addSkip(self, test, reason):
        self.tell(test, "skipped", reason)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell(test, "failed", self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.tell(test, "failed", self.errors[-1][1])

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            is_failure = issubclass(error[0], test.failureException)
            message = (self.failures if is_failure else self.errors)[-1][1]
            self.tell(test, "failed", f"{subtest}\n{message}")


if __name__ == "__main__":
    names = sys.argv[2:] or sorted(path.stem for path in FOLDER.glob("test_*.py"))
    with open(sys.argv[1], "w") as file:
        unittest.defaultTestLoader.loadTestsFromNames(names).run(Report(file))
