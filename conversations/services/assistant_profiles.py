"""The versions of the assistants' profiles: which one answers, and making the next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q

from conversations.llm.profile import Profile
from conversations.models import (
    AssistantProfile,
    ProfileTrial,
    ProfileVersion,
    UserIdentity,
    WhatsAppUser,
)
from sessions_app.models import Channel, ChannelKind

CONTENT = ("instructions", "tone", "language", "week", "timezone", "holidays")
"""The fields of a version that are its content."""


@dataclass(frozen=True, slots=True)
class ProfileInUse:
    """A profile, and the channel whose knowledge goes with it."""

    profile: Profile
    channel_id: int


def profile_in_use(user: WhatsAppUser) -> ProfileInUse:
    """Return the profile that answers `user`: its channel's own, else the one for all channels.

    A version without instructions has those of the environment. One query, two for a simulated customer.
    """
    channel = user.channel
    version = _version_on_trial(user) if channel.kind == ChannelKind.SIMULATOR else None
    if version is None:
        return ProfileInUse(channel_profile(channel), channel.pk)
    owner = version.profile.channel_id or channel.pk
    return ProfileInUse(_with_instructions(version, channel), owner)


def channel_profile(channel: Channel) -> Profile:
    """Return the profile that answers a channel's customers. One query."""
    return _with_instructions(_active_version(channel), channel)


def newest_version(profile: AssistantProfile) -> ProfileVersion | None:
    """Return the profile's latest version, in use or a draft; None before its first."""
    return profile.versions.order_by("-number").first()


def version_save(
    profile: AssistantProfile,
    *,
    content: Mapping[str, Any],
    author: User | None,
    comment: str = "",
    publish: bool = True,
) -> ProfileVersion:
    """Store `content` (the fields CONTENT) as the profile's next version, and use it if it is to `publish`.

    Content that is the newest version's already makes no new one.
    """
    with transaction.atomic():
        profile = AssistantProfile.objects.select_for_update().get(pk=profile.pk)
        version = newest_version(profile)
        if version is None or any(getattr(version, name) != content[name] for name in CONTENT):
            number = version.number + 1 if version else 1
            version = ProfileVersion.objects.create(
                profile=profile, number=number, author=author, comment=comment, **content
            )
        if publish:
            _use(profile, version)
    return version


def version_publish(version: ProfileVersion, *, author: User, comment: str) -> ProfileVersion:
    """Use a draft; of a version that newer ones have followed, a copy is made and used: history goes on.

    Returns the version that is in use now. `comment` is for the copy.
    """
    with transaction.atomic():
        profile = AssistantProfile.objects.select_for_update().get(pk=version.profile_id)
        active = profile.active
        if active is not None and version.number < active.number:
            content = {name: getattr(version, name) for name in CONTENT}
            return version_save(profile, content=content, author=author, comment=comment)
        _use(profile, version)
    return version


def _use(profile: AssistantProfile, version: ProfileVersion) -> None:
    AssistantProfile.objects.filter(pk=profile.pk).update(active=version)


def _active_version(channel: Channel) -> ProfileVersion | None:
    """Return the version in use for the channel; its own profile goes before the one for all."""
    used = ProfileVersion.objects.filter(pk=F("profile__active"))
    fitting = used.filter(Q(profile__channel=channel) | Q(profile__channel=None))
    return fitting.order_by(F("profile__channel").asc(nulls_last=True)).first()


def _version_on_trial(user: WhatsAppUser) -> ProfileVersion | None:
    names = UserIdentity.objects.filter(user=user).values("value")
    trials = ProfileTrial.objects.select_related("version__profile").filter(identity__in=names)
    trial = trials.first()
    return trial.version if trial else None


def _with_instructions(version: ProfileVersion | None, channel: Channel) -> Profile:
    profile = version.as_profile() if version else Profile(instructions=channel.instructions)
    return replace(profile, instructions=profile.instructions.strip() or settings.ASSISTANT_INSTRUCTIONS)
