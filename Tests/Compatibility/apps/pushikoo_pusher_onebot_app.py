from pushikoo_pusher_onebot.api import OneBotAPIClient

from seen import GROUP, HTTP, TOKEN, raised, tell

try:
    OneBotAPIClient(HTTP, TOKEN).send_group_msg(GROUP, [{"type": "text", "data": {"text": "hello http"}}])
    # It only sends messages, and calls no other actions.
    tell(untried="login")
except Exception as error:
    raised(error)
