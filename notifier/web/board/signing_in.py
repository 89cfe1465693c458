"""One-time links in, and out again."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from notifier.staff import link_works, sign_in
from notifier.web.board.access import end_session, start_session
from notifier.web.board.blueprint import board
from notifier.web.current import services


@board.get("/sign-in/<token>")
def sign_in_page(token: str) -> ResponseReturnValue:
    """Show a button. A chat program that fetches the link for a preview does not use it up."""
    if not link_works(services(), token):
        return render_template("board/signed_out.html", link_gone=True), 410
    return render_template("board/sign_in.html", token=token)


@board.post("/sign-in/<token>")
def sign_in_now(token: str) -> ResponseReturnValue:
    """Sign in, once."""
    member = sign_in(services(), token)
    if member is None:
        return render_template("board/signed_out.html", link_gone=True), 410
    start_session(member)
    return redirect(url_for("board.show_day"), 303)


@board.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget who this was, on every device: a copied cookie opens nothing afterwards."""
    end_session()
    return render_template("board/signed_out.html", just_left=True)
