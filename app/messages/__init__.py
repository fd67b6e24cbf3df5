"""The heart: accepting events, deciding, the state machine, dispatch, and the story of each message."""
