"""The words of the short text forms that stand for what is no text, in the language of the customers."""

from collections.abc import Iterable, Mapping

WORDS: Mapping[str, str] = {
    "audio": "🎵 Audio",
    "call": "📞 Llamada",
    "catalog": "🛍️ Catálogo",
    "contacts": "👤",
    "document": "📄 Documento",
    "edit": "✏️ Mensaje editado",
    "event": "📅 Evento",
    "form": "📝 Formulario",
    "image": "📷 Foto",
    "gif": "🎞️ GIF",
    "interactive": "☑️ Respuesta",
    "invite": "✉️ Invitación",
    "location": "📍",
    "more": "y {count} más",
    "order": "🛒",
    "poll": "📊 Encuesta",
    "product": "🏷️ Producto",
    "reaction": "{emoji} (reacción)",
    "reaction_removed": "(reacción retirada)",
    "revoke": "🚫 Mensaje eliminado",
    "sticker": "🏷️ Sticker",
    "story": "⭕ Estado",
    "system": "ℹ️ Aviso de WhatsApp",
    "unsupported": "⚠️ Mensaje no compatible",
    "video": "🎬 Video",
    "voice": "🎤 Nota de voz",
}

_LISTED = 10


def titled(title: str, details: str) -> str:
    return f"{title}: {details}" if details else title


def limited(parts: Iterable[str]) -> str:
    """Join the parts that say something; a long list ends with how many more there are."""
    said = [part for part in parts if part]
    if len(said) > _LISTED:
        said[_LISTED:] = [WORDS["more"].format(count=len(said) - _LISTED)]
    return ", ".join(said)
