"""What can be wrong with a file."""

from app.core.problems import Conflict


class MediaInUse(Conflict):
    code, title = "media_in_use", "Something still needs the file"
