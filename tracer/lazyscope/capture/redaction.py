def message_without_secrets(text: str) -> str:
    return text
