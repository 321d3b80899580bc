"""The groups of commands of `rapport`, each in a module of its own that `bot.cli` registers."""
