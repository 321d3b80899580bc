"""Our server without limits on callers, for the benchmark of turns."""

from bot.rasa import without_tensorflow

without_tensorflow.install(serving=True)


def main() -> None:
    """Serve the trained assistant on PORT until told to stop."""
    import uvicorn

    from bot import app, logs, settings, training

    logs.configure()
    given = settings.load()
    parts = app.assemble(given, training.ensure_model(given, tell=print))
    endless = app.Limits(messages=(10**9, 10**9), visitors=(10**9, 10**9))
    application = app.build(parts, limits=endless)
    config = uvicorn.Config(
        application, host="127.0.0.1", port=given.port, log_config=None, access_log=False, ws="wsproto"
    )
    uvicorn.Server(config).run()


main()
