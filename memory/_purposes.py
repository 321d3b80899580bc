"""Why data is used: the closed list of purposes. A word that is not here is a refusal."""

from enum import StrEnum


class Purpose(StrEnum):
    """One purpose of use; each is decided by itself."""

    SERVICE = "service"  # What the contract needs: always on.
    RESUME = "resume"  # Keep unfinished threads, and the conversation they belong to.
    PREFERENCES = "preferences"  # Remember facts.
    PERSONALISATION = "personalisation"  # Let tier and history shape offers.
    MARKETING = "marketing"  # Proactive messages, per channel and topic.
    SHARING = "sharing"  # Hand data to others.
    ANALYTICS = "analytics"  # Measure.
    SENSITIVE = "sensitive"  # Health, allergies and their like: only to protect.
