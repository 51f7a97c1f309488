"""What the running desk holds: one object, made by create_app."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.course import Course
from autograder.intake.inbox import Inbox
from autograder.portal.db import Database
from autograder.portal.desk.previews import Previews
from autograder.portal.limits import Rates
from autograder.portal.queue.engine import Engine
from autograder.portal.settings import Settings


@dataclass
class Desk:
    """The course, the settings and everything that lives as long as the server does.

    `inbox` belongs to whoever holds `engine.door`.
    """

    course: Course
    settings: Settings
    database: Database
    inbox: Inbox
    engine: Engine
    rates: Rates = field(default_factory=Rates)
    previews: Previews = field(default_factory=Previews)
