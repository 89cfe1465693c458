"""What a sheet asks for before it can show what goes out."""

#: What to do on a sheet that shows no words yet, by what it asks.
NEXT_STEP: dict[str, str] = {
    "how_late": "Choose how late",
    "which_time": "Give the new time",
    "what_they_heard": "Give the time that they heard",
    "who_heard": "Say whom you spoke to",
    "what_is_promised": "Say what you promise, and by when",
    "who_goes": "Choose who goes",
    "whose_doing": "Say whose doing it was",
    "since_when": "Give the time, or leave it empty",
}
