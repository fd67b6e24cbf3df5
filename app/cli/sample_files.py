"""Samples of media headers: from where they lie beside template files to where Meta's review is shown them from."""

import asyncio
import mimetypes

from app.core.problems import InvalidRequest
from app.media.kinds import file_type
from app.media.service import MediaLibrary
from app.templates.definition import MediaHeader, TemplateDefinition
from app.templates.files import TemplateFile
from app.templates.service import Account


async def with_kept_sample(library: MediaLibrary, account: Account, file: TemplateFile) -> TemplateDefinition:
    """The definition with our id of the sample in the place of its path. The same bytes are the same file, however
    often they come. Raises Problem."""
    header, sample = file.definition.header, file.sample
    if sample is None or not isinstance(header, MediaHeader):
        return file.definition
    declared = file_type(mimetypes.guess_type(sample.name)[0] or "")
    try:
        data = await asyncio.to_thread(sample.read_bytes)
    except OSError as error:
        raise InvalidRequest.at(
            "#/header/sample", "unreadable", f"{sample} cannot be read: {error.strerror}"
        ) from error
    kept, _ = await library.add(account.business_id, account.mode, data, declared, sample.name)
    return file.definition.model_copy(update={"header": header.model_copy(update={"sample": kept.id})})
