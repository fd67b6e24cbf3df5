"""Windows in which customers may be answered freely, as far as sending has to do with them; replies open them."""

from datetime import datetime
from uuid import UUID

from app.messages.statements.batch import Connection

CLOSE_WINDOW = """
    UPDATE service_windows w
       SET expires_at = $3::timestamptz
      FROM (SELECT * FROM messages m WHERE m.business_id = $1 AND m.id = $2 LIMIT 1) AS m
     WHERE w.business_id = $1 AND w.business_id = m.business_id AND w.sender_id = m.sender_id
       AND w.contact_id = m.contact_id
       AND w.expires_at > $3::timestamptz AND w.expires_at <= $3::timestamptz + interval '24 hours'
"""
"""$1 business, $2 message, $3 when Meta found the window closed. Of one that was opened anew since then, by what the
customer wrote later, nothing was said."""


async def close_window(connection: Connection, business_id: UUID, message_id: UUID, at: datetime) -> None:
    """That of the message's customer and number, after Meta said that there is none."""
    await connection.execute(CLOSE_WINDOW, business_id, message_id, at)
