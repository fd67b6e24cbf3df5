"""What can keep an experiment from being begun or decided."""

from app.core.problems import Conflict, NotFound


class ExperimentRunning(Conflict):
    code, title = "experiment_running", "An experiment on this event type is running"

    def __init__(self) -> None:
        super().__init__("An event type has one experiment at a time: stop or cancel the one that runs.")


class ExperimentDecided(Conflict):
    code, title = "experiment_decided", "The experiment is decided"


class ExperimentMissing(NotFound):
    def __init__(self) -> None:
        super().__init__("The business has no such experiment for this kind of key.")
