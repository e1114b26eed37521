"""What the pages say, in English and Russian."""

from __future__ import annotations

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "ru"]

CHANNELS: dict[Language, dict[str, str]] = {
    "en": {
        "email": "Email", "sms": "Text messages (SMS)", "push": "Push messages", "telegram": "Telegram",
        "whatsapp": "WhatsApp", "viber": "Viber", "webpush": "Messages of the browser", "inapp": "Messages in the shop",
    },
    "ru": {
        "email": "Письма", "sms": "СМС", "push": "Пуш-уведомления", "telegram": "Telegram",
        "whatsapp": "WhatsApp", "viber": "Viber", "webpush": "Уведомления в браузере", "inapp": "Сообщения в магазине",
    },
}  # fmt: skip

#: A channel in the sentences that ask for a confirmation and give thanks for it.
WAYS: dict[Language, dict[str, str]] = {
    "en": {
        "email": "by email", "sms": "by text message (SMS)", "push": "by push message", "telegram": "on Telegram",
        "whatsapp": "on WhatsApp", "viber": "on Viber", "webpush": "in your browser", "inapp": "in the shop",
    },
    "ru": {
        "email": "письма", "sms": "СМС", "push": "пуш-уведомления", "telegram": "сообщения в Telegram",
        "whatsapp": "сообщения в WhatsApp", "viber": "сообщения в Viber", "webpush": "уведомления в браузере",
        "inapp": "сообщения в магазине",
    },
}  # fmt: skip

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "leave_title": "Unsubscribe",
        "leave_topic": "Do you want no more of “{topic}” at {address}?",
        "leave_all": "Do you want no more news and offers at {address}?",
        "leave_topic_button": "Unsubscribe from this",
        "leave_all_button": "Unsubscribe from all news and offers",
        "service_stays": "Messages about your orders and your account still come.",
        "left_title": "You have unsubscribed",
        "left_topic": "No more of “{topic}” will come to {address}.",
        "left_all": "No more news and offers will come to {address}.",
        "left_late": "One message was being handed over at this very moment and may still arrive. None will after it.",
        "undo_button": "I pressed by mistake: undo",
        "choose_link": "Choose what comes",
        "undone_title": "Taken back",
        "undone": "It is as it was before.",
        "undo_too_late": "There is nothing to take back: something else was chosen since. You see it here.",
        "choose_title": "What may come",
        "choose_ways": "By which way",
        "choose_topics": "About what",
        "choose_nothing": "There is nothing to choose from yet.",
        "choose_for": "For {address}",
        "save_button": "Save",
        "none_button": "Nothing at all, please",
        "saved_title": "Saved",
        "saved": "This is what may come now.",
        "confirm_title": "One press more",
        "quoted": "“{topic}”",
        "and": " and ",
        "confirm": "Would you like to get {topics} at {address}?",
        "confirm_channel": "May we write to you {way} at {address}?",
        "confirm_both": "May we write to you {way} at {address}, and send you {topics}?",
        "confirm_button": "Yes, please",
        "confirmed_title": "Thank you",
        "confirmed": "You will get {topics} at {address}.",
        "confirmed_channel": "From now on we write to you {way} at {address}.",
        "confirmed_both": "From now on we write to you {way} at {address}, and send you {topics}.",
        "expired_title": "This link is too old",
        "expired": "Please subscribe once more: a new mail with a new link will come.",
        "moved_title": "The address has changed since",
        "moved": "This link was made for another address. Please subscribe once more.",
        "unknown_title": "This link is not known",
        "unknown": "It may have been cut when it was copied. Please press the link in the mail itself.",
        "later_title": "Please try again in a moment",
        "later": "We could not write it down just now.",
    },
    "ru": {
        "leave_title": "Отписка",
        "leave_topic": "Больше не присылать «{topic}» на {address}?",
        "leave_all": "Больше не присылать новости и предложения на {address}?",
        "leave_topic_button": "Отписаться от этого",
        "leave_all_button": "Отписаться от всех новостей и предложений",
        "service_stays": "Сообщения о заказах и об аккаунте по-прежнему будут приходить.",
        "left_title": "Вы отписались",
        "left_topic": "«{topic}» больше не придёт на {address}.",
        "left_all": "Новости и предложения больше не придут на {address}.",
        "left_late": "Одно сообщение отправлялось в эту самую минуту и ещё может прийти. После него — ни одного.",
        "undo_button": "Это вышло случайно: вернуть как было",
        "choose_link": "Выбрать, что приходит",
        "undone_title": "Вернули",
        "undone": "Всё снова как раньше.",
        "undo_too_late": "Возвращать нечего: с тех пор выбрано другое. Вот что выбрано сейчас.",
        "choose_title": "Что можно присылать",
        "choose_ways": "Каким способом",
        "choose_topics": "О чём",
        "choose_nothing": "Выбирать пока не из чего.",
        "choose_for": "Для {address}",
        "save_button": "Сохранить",
        "none_button": "Ничего не присылать",
        "saved_title": "Сохранено",
        "saved": "Теперь может приходить вот что.",
        "confirm_title": "Осталось одно нажатие",
        "quoted": "«{topic}»",
        "and": " и ",
        "confirm": "Присылать вам {topics} на {address}?",
        "confirm_channel": "Можно присылать вам {way} на {address}?",
        "confirm_both": "Можно присылать вам {way} на {address}, в том числе {topics}?",
        "confirm_button": "Да, присылайте",
        "confirmed_title": "Спасибо",
        "confirmed": "На {address} теперь будет приходить {topics}.",
        "confirmed_channel": "Теперь мы будем присылать вам {way} на {address}.",
        "confirmed_both": "Теперь мы будем присылать вам {way} на {address}, в том числе {topics}.",
        "expired_title": "Ссылка устарела",
        "expired": "Подпишитесь, пожалуйста, ещё раз: придёт новое письмо с новой ссылкой.",
        "moved_title": "Адрес с тех пор изменился",
        "moved": "Эта ссылка была для другого адреса. Подпишитесь, пожалуйста, ещё раз.",
        "unknown_title": "Такой ссылки нет",
        "unknown": "Возможно, она обрезалась при копировании. Нажмите, пожалуйста, на ссылку прямо в письме.",
        "later_title": "Попробуйте ещё раз через минуту",
        "later": "Прямо сейчас записать не получилось.",
    },
}


def language_of(*said: str | None) -> Language:
    """The first that we speak, of locales and `Accept-Language` lists; else English."""
    for each in said:
        for wanted in (each or "").lower().split(","):
            match wanted.strip()[:2]:
                case "ru":
                    return "ru"
                case "en":
                    return "en"
    return "en"


def masked(address: str | None) -> str:
    """Who was sent a copy of the mail learns no address from the page: a•••@example.com, •••4567."""
    if not address:
        return "•••"
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else f"•••{address[-4:]}"
