"""What the words of the language do, in one sentence with an example: English, Russian."""

from __future__ import annotations

Note = tuple[str, str]

NOTES: dict[str, Note] = {
    "RULE": (
        'Gives the rule a name, under which its history is kept: `rule "Abandoned cart"`',
        'Даёт правилу имя, под которым хранится его история: `правило "Брошенная корзина"`',
    ),
    "SEGMENT": (
        "Customers who fit a condition now; people enter and leave by themselves: "
        '`segment vip means customer.tier is "gold"`',
        "Клиенты, которые подходят под условие сейчас; входят и выходят сами: "
        '`сегмент vip это клиент.tier равно "gold"`',
    ),
    "DEFINE": (
        "A condition with a name, read where it is used: `define reachable means customer.email is known`",
        "Условие с именем, проверяется там, где названо: `условие можно_написать это клиент.email известен`",
    ),
    "LET": (
        "A value with a name: `let small_cart = 15 EUR`",
        "Значение с именем: `пусть небольшая_корзина = 700 RUB`",
    ),
    "USE": (
        'Brings in the definitions of another file: `use "common.rules"`',
        'Подключает определения из другого файла: `подключить "obshchee.rules"`',
    ),
    "WHEN": (
        "What starts the rule, once for each event: `when cart_updated after 1h`",
        "С чего начинается правило, каждый раз заново: `когда cart_updated через 1 час`",
    ),
    "EVERY": (
        "Starts the rule on a schedule, in each customer's own time zone: `every monday at 9:00 for everyone`",
        "Запускает правило по расписанию, в часовом поясе клиента: `каждый понедельник в 9:00 для всех`",
    ),
    "AFTER": (
        "Waits, counted from the event's own time. Minutes and hours are exact; days are days on the customer's clock",
        "Ждёт, считая от времени самого события. Минуты и часы точные, дни — по часам клиента",
    ),
    "WHERE": (
        "Looks at the event, once: `where event.total >= 50 EUR`",
        "Смотрит на событие, один раз: `где событие.total >= 1500 RUB`",
    ),
    "WITHIN": ("Counted from the event before it", "Отсчитывается от предыдущего события"),
    "WITH_SAME": (
        "Only an event about the same thing: `stop when order_placed with same cart_id`",
        "Только событие о том же самом: `прекратить при order_placed с тем же cart_id`",
    ),
    "ONLY_IF": (
        "Who may be in the rule at all: asked at the start and again before every message, of fresh data",
        "Кому правило подходит: проверяется в начале и снова перед каждым сообщением, по свежим данным",
    ),
    "UNLESS": (
        "The opposite of `only if`; behind a `send` it holds for that message alone",
        "Противоположность `только если`; после `отправить` относится только к этому сообщению",
    ),
    "STOP_WHEN": (
        "Ends the run at once and for good, also in the middle of a wait: `stop when order_placed`",
        "Сразу и насовсем прекращает проход, даже посреди ожидания: `прекратить при order_placed`",
    ),
    "GOAL": (
        "What the rule hopes for; it is measured and stops nothing: `goal order_placed within 7 days`",
        "Ради чего правило; измеряется и ничего не прекращает: `цель order_placed в течение 7 дней`",
    ),
    "ONCE": (
        "How often for one customer, counted from the last message that was really sent: `once per 7 days`",
        "Как часто для одного клиента, считая от последнего отправленного сообщения: `один раз за 7 дней`",
    ),
    "IF_REPEATED": (
        "What the same event does while the run waits. Without it: before the first message the wait begins anew",
        "Что делает то же событие во время ожидания. Без этого: до первого сообщения ожидание начинается заново",
    ),
    "AT_MOST": (
        "A cap on this rule's messages to one customer, besides those of the workspace: `at most 2 messages per day`",
        "Предел сообщений этого правила одному клиенту, сверх общих: `не больше 2 сообщений за день`",
    ),
    "QUIET_HOURS": ("No messages between these hours of the customer's day", "В эти часы клиента сообщений нет"),
    "IGNORE_QUIET_HOURS": ("Sends at night too: for what cannot wait", "Отправляет и ночью: для того, что не ждёт"),
    "TRANSACTIONAL": (
        "A service message that answers something the customer did: caps and marketing consent do not hold it back",
        "Служебное сообщение в ответ на действие клиента: пределы и согласие на рекламу его не задерживают",
    ),
    "CATCH_UP": (
        "A moment that was missed is made up for, if no more than this has passed",
        "Пропущенный момент навёрстывается, если прошло не больше этого",
    ),
    "TIMEZONE": ("Whose clock the rule goes by", "По чьим часам живёт правило"),
    "PRIORITY": ("Rules with a higher one are decided first", "Правила с большим решаются раньше"),
    "ACTIVE": (
        "The first and the last day, both included; runs under way are finished",
        "Первый и последний день, оба включительно; начатые проходы завершаются",
    ),
    "OWNER": ("Whom to ask about this rule", "У кого спросить про это правило"),
    "DESCRIPTION": ("What it is for, in plain words", "Зачем оно, простыми словами"),
    "SEND": (
        'Sends a message by a channel, and if it cannot be delivered, another: `send email "cart" or sms "cart"`',
        'Отправляет сообщение по каналу, а если не доставить — по другому: `отправить письмо "cart" или смс "cart"`',
    ),
    "BEST": (
        "The channel that works best for this customer, of those with consent",
        "Канал, который лучше всего работает для этого клиента, из тех, на которые есть согласие",
    ),
    "WITH": (
        'Values that the template can use: `with gift = "delivery on us"`',
        "Значения для шаблона: `с discount = 10%`",
    ),
    "WAIT": (
        "Waits a length of time from the last step, or until a moment: `wait 1 day`, `wait until friday 10:00`",
        "Ждёт сколько-то от прошлого шага или до момента: `ждать 1 день`, `ждать до пятницы 10:00`",
    ),
    "WAIT_FOR": (
        "Waits for an event, but no longer than that; then `if arrived then …`",
        "Ждёт события, но не дольше этого; дальше `если пришло то …`",
    ),
    "IF": (
        'Goes one way or another: `if customer.tier is "gold" then … else … end`',
        'Идёт одним путём или другим: `если клиент.tier равно "gold" то … иначе … конец`',
    ),
    "ELSE": ("When none of the conditions above holds", "Когда ни одно условие выше не выполнено"),
    "END": ("Closes the `if` or `split` above", "Закрывает `если` или `разделить` выше"),
    "SPLIT": (
        "Divides customers by chance, each always into the same part; the parts are 100% together",
        "Делит клиентов случайно, каждого всегда в одну часть; части вместе дают 100%",
    ),
    "HOLDOUT": (
        "These get nothing, so that one can see what the messages bring",
        "Этим ничего: так видно, что дают сообщения",
    ),
    "EXIT": ("Ends the run here", "Здесь проход заканчивается"),
    "SET": (
        'Writes an attribute: `set customer.stage to "buyer"`',
        'Записывает атрибут: `установить клиент.stage равным "buyer"`',
    ),
    "INCREASE": ("Adds to a number of the customer", "Прибавляет к числу клиента"),
    "DECREASE": ("Takes from a number of the customer", "Отнимает от числа клиента"),
    "ADD": ('Adds a tag or points: `add tag "buyer"`', 'Добавляет метку или баллы: `добавить метку "buyer"`'),
    "REMOVE": ("Takes a tag or points away", "Убирает метку или баллы"),
    "ISSUE": ("Gives the customer a code of their own from a pool", "Выдаёт клиенту собственный код из набора"),
    "EMIT": (
        "Makes an event, which other rules may start from",
        "Создаёт событие, с которого могут начаться другие правила",
    ),
    "CALL": ("Calls a webhook that the workspace names", "Вызывает вебхук, названный в настройках"),
    "NOTIFY": ("Tells a group of the staff", "Сообщает группе сотрудников"),
    "IN_LAST": (
        "The days up to now: `order_placed in last 30 days`",
        "Дни до этого момента: `order_placed за последние 30 дней`",
    ),
    "ARRIVED": (
        "The event of the nearest `wait for` above came in time",
        "Событие ближайшего `дождаться` выше пришло вовремя",
    ),
    "ISSUED": ("There was a code left to issue", "Код для выдачи нашёлся"),
    "COUNT": (
        "How many such events the customer had: `count of order_placed in last 90 days >= 3`",
        "Сколько таких событий было у клиента: `число order_placed за последние 90 дней >= 3`",
    ),
    "SUM": ("All values of a property of the customer's events together", "Сумма свойства по событиям клиента"),
    "AVERAGE": ("The mean of a property of the customer's events", "Среднее свойства по событиям клиента"),
    "DAYS_SINCE": ("Whole days since the last such event", "Сколько полных дней прошло с последнего такого события"),
    "IS_KNOWN": ("There is a value", "Значение есть"),
    "IS_UNKNOWN": ("There is no value", "Значения нет"),
    "CUSTOMER": (
        "The person the run is about, with attributes of the schema",
        "Тот, о ком проход, с атрибутами из схемы",
    ),
    "EVENT": (
        "What started the run; in a `where`, the event it looks at",
        "То, с чего начался проход; в `где` — событие, о котором речь",
    ),
    "TEST": (
        "A story on a clock that jumps: messages that it does not expect make it fail",
        "История на часах, которые прыгают: неожиданное сообщение её проваливает",
    ),
    "HAD": ("What the customer did before the story begins", "Что клиент делал до начала истории"),
    "AT_MOMENT": ("What happens, and when", "Что происходит и когда"),
    "EXPECT": ("What must have come of it", "Что из этого должно было выйти"),
    "EXAMPLES": (
        "Tells the story once for each row, `<column>` filled in",
        "Рассказывает историю по разу на строку, подставляя `<столбец>`",
    ),
}
