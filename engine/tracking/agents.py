"""Programs that ask for pictures and links without a person, by what they call themselves: docs/tracking.md."""

from __future__ import annotations

import re

#: Fetch pictures on behalf of somebody: the mail was, or will be, in front of a person, perhaps.
PROXIES = re.compile(
    r"GoogleImageProxy|ggpht\.com|YahooMailProxy|YandexImageResizer|YandexImages|DuckDuckGo-Email|Proton ?Mail",
    re.IGNORECASE,
)
#: All that Apple's Mail Privacy Protection says of itself, whether or not anybody reads the mail.
APPLE_PRIVACY = re.compile(r"Mozilla/5\.0")

#: Filters in front of a mailbox, which look where links lead.
SCANNERS = re.compile(
    r"barracuda|proofpoint|urldefense|mimecast|cisco ?secure ?email|ironport|\btmes\b|trend ?micro|fortimail|fortiguard"
    r"|sophos|symantec|messagelabs|safelinks|microsoft office|ms-?office|bingpreview|virustotal|zscaler|netcraft"
    r"|google-safety|spamhaus|mailcontrol|forcepoint|trellix|fireeye|kaspersky|drweb",
    re.IGNORECASE,
)
#: Programs that are no mail program and no browser.
BOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegrambot|viber|skypeuripreview|slackbot"
    r"|discordbot|linkedinbot|embedly|headless|phantomjs|selenium|puppeteer|playwright|lighthouse|pingdom|uptime"
    r"|curl/|wget|libwww|python|java/|okhttp|go-http-client|node-fetch|axios|undici|ruby|perl|php/|apache-httpclient"
    r"|guzzle|winhttp|scrapy|httpx|aiohttp|postman|insomnia",
    re.IGNORECASE,
)
