"""Whether a whole message is a yes, a no, or a wish for another time, in Turkish and English. Pure.

Like the words of opt-outs (`app.consent.keywords`): a message counts only if nothing is left of it beside known
phrases and what people say around them. So a condition, a comment or a doubt makes it text, and so does a question,
but for the one whether another time would do. What a sentence says stands above a bare yes or no before it: who writes
"no, I am coming" comes.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum, StrEnum
from functools import lru_cache
from itertools import pairwise

from app.consent.keywords import folded


class Said(StrEnum):
    YES = "yes"
    NO = "no"
    ANOTHER_TIME = "another_time"


class _Part(Enum):
    AROUND = 0
    """Nothing but what people say around an answer."""
    DAY = 1
    """When they cannot; of a yes it might be another day than was asked about."""
    HARDLY = 2
    """A no, or the beginning of a sentence."""
    REGRET = 3
    """Goes with a no alone."""
    KEEP = 4
    """That nothing is to be cancelled; no answer by itself."""
    BARE_YES = 5
    BARE_NO = 6
    YES = 7
    NO = 8
    ASKING = 9
    """The beginning of a sentence that asks for another time."""
    TIME = 10
    OTHER = 11
    """Another time, by its name alone: right before a no it is what does not suit."""
    MOVE = 12
    """Another time, as something to be done: right behind a bare "I cannot" it is what cannot be done."""
    CANNOT = 13
    ON_TIME = 14
    """Goes with a yes alone: who cannot come on time may come late."""
    DOUBT = 15


_AROUND = """
    lutfen | tesekkurler | tesekkur ederim | tesekkur ederiz | cok tesekkurler | cok tesekkur ederim | tesekkur
    tsk | tskler | tesekurler | sagol | sagolun | sag olun | sagolunuz | saolun | saol | cok sagolun | eyvallah
    rica ederim | merhaba | merhabalar | mrb | slm | selam | selamlar | gunaydin | iyi gunler | iyi aksamlar
    iyi geceler | iyi calismalar | kolay gelsin | hayirli gunler | hayirli isler | hayirli aksamlar | hanim | bey
    hocam | efendim | doktor bey | doktor hanim | hanimefendi | beyefendi | sayin yetkili | ben | biz | biz de
    ben de | hepimiz | randevuya | randevuma | randevumuza | randevu icin | randevum icin | randevuda | randevumda
    o saatte | belirtilen saatte
    belirttiginiz saatte | soylediginiz saatte | hatirlatma icin | hatirlatmaniz icin | hatirlattiginiz icin
    bilgi icin | bilgilendirme icin | bilgilendirdiginiz icin | haber verdiginiz icin | mesaj icin | mesajiniz icin
    ilginiz icin | ilginize | kesin | mutlaka | gorusuruz | gorusmek uzere | hoscakalin | saygilar | saygilarimla
    sevgiler | please | pls | plz | thanks | thank you | thankyou | thx | ty | cheers | many thanks | thanks a lot
    thank you so much | thank you very much | thanks so much | hi | hello | hey | hi there | dear doctor | doctor
    dr | sir | madam | maam | good morning | good afternoon | good evening | good day | for the reminder
    for reminding me | for the message | for letting me know | for the info | kind regards | best regards | regards
    as planned | as scheduled | as agreed | for my appointment | for the appointment | to my appointment
    to the appointment | for sure
"""
_ON_TIME = """
    zamaninda | vaktinde | saatinde | tam saatinde | tam zamaninda | tam vaktinde | randevu saatinde | on time
"""
_DAY = """
    bugun | yarin | o gun | bu hafta | bu saatte | bu gun | o saatlerde | yarinki randevuya | bugunku randevuya
    today | tomorrow | that day | at that time | this week | this time | then | on that day
"""
_HARDLY = "yok"
_REGRET = """
    maalesef | malesef | maalasef | ne yazik ki | uzgunum | cok uzgunum | kusura bakmayin | kusura bakma
    ozur dilerim | ozur dileriz | affedersiniz | sorry | im sorry | i am sorry | so sorry | very sorry
    unfortunately | sadly | im afraid | i am afraid | apologies | my apologies
"""
_KEEP = """
    iptal degil | iptal etmeyin | iptal etme | iptal etmeyiniz | iptal etmiyorum | sorun yok | sorun degil
    problem yok | problem degil | sikinti yok | bir sorun yok | bir sikinti yok | no problem | no problems
    no worries | no issue | no issues | not a problem | dont cancel | do not cancel | dont cancel it
    do not cancel it | no need to cancel | no need to cancel it | not cancelling | im not cancelling
"""
_DOUBT = """
    no cancel | no need to | no reschedule | no change | no coming | ok mi | ok no
    no confirm | no confirmed | no sure | no other day | no other time | tabi tabi | tabii tabii
"""
_NO_NEED = "no | nope | nah"
_AS_IT_IS = """
    thats fine | that is fine | its fine | fine by me | fine with me | fine for me | thats ok | that is ok | thats okay
    that is okay | thats good
"""
"""Behind a no they turn an offer down, or say that nothing need change."""
_BARE_YES = """
    evet | evt | ewet | evett | evvet | evet evet | evet efendim | tamam | tmm | tmam | tamm | tamamdir | tamamdr
    tmmdir | tm | ok | okey | okay | oke | okk | okeyy | oky | okeydir | peki | pekala | kesinlikle | aynen
    aynen oyle | tabi | tabii | tabi ki | tabii ki | tabiki | tabiiki | elbette | elbet | yes | yes yes | yep | yeah
    yea | yup | yess | y | sure | of course | ofc | absolutely | definitely | certainly | alright | all right | kk
    indeed | sure thing | yes please | affirmative | yes sir
"""
_BARE_NO = """
    hayir | hayr | hayir hayir | no | nope | nah | no no | no thanks | no thank you | n
"""
_YES = """
    olur | olr | uygun | uygundur | uygunum | uygunuz | musaidim | musaitim | musaidiz | musaitiz | uyar | bana uyar
    bize uyar | benim icin uygun | bizim icin uygun | benim icin uygundur | memnuniyetle | anlastik | kabul | onay
    onayla | teyit | geliyorum | geliyom | geliyorm | gelyorum | geliyoruz | geliyoz | gelecegim | gelecem | gelicem
    gelcem | gelicm | gelecegiz | gelecez | gelicez | gelirim | geliriz | gelebilirim | gelebiliriz | gelebilecegim
    gelebiliyorum | gelebilecegiz | geliyor olacagim | gelmek istiyorum | geldim | katiliyorum | katiliyoruz
    katilacagim | katilacagiz | katilirim | katilabilirim | katilicam | katilcam | oradayim | ordayim | oradayiz
    ordayiz | orada olacagim | orda olacagim | orada olurum | orda olurum | orada olacagiz | orda olacagiz
    orada olacam | orda olacam | orada olucam | orda olucam | orada oluruz | burada olacagim | burdayim | buradayim
    buradayiz | evdeyim | evdeyiz | evde olacagim | evde olurum | evde olacagiz | evde oluruz | evde olacam
    evde olucam | adresteyim | adresteyiz | adreste olacagim | adreste olurum | adreste olacagiz | adreste olacam
    adreste oluruz | adreste olucam | evde bekliyorum | evde bekliyoruz | sizi bekliyorum | sizi bekliyoruz
    sizi bekliyor olacagim | sizi bekliyor olacagiz | bekliyor olacagim | bekliyor olacagiz | onayliyorum
    onayliyoruz | onayladim | onaylarim | onay veriyorum | kabul ediyorum | kabul ediyoruz | kabul ettim
    teyit ediyorum | teyit ederim | teyit ediyoruz | randevumu onayliyorum | randevuyu onayliyorum
    randevumu teyit ediyorum | yetisirim | yetisecegim | yetisirim ben | yola ciktim | yoldayim | yola ciktik
    yoldayiz | hazirim | haziriz | confirmed | confirm | confirming | attending | agreed | see you
    see you then | see you there | sounds good | sounds great | works for me | that works | that works for me
    it works for me | that suits me | suits me | thats fine | that is fine | its fine | fine by me | fine with me
    fine for me | thats ok | that is ok | thats okay | that is okay | thats good | count me in
    looking forward to it | on my way | be there | happy to confirm | i accept | i do confirm
    i can confirm | we can confirm | someone will be home | somebody will be home | someone will be there
    someone will be in
"""
_WILL = (
    "i will | ill | i shall | will | we will | well | im going to | i am going to | we are going to | i can | we can"
)
_BE = """
    be there | come | make it | attend | be home | be at home | be in | be available | be present | be coming
    be attending | be ready | join
"""
_AM = "im | i am | we are | were | yes im"
_DOING = """
    coming | attending | still coming | available | free | home | at home | in | on my way | on the way | ready
    joining | happy to confirm | able to come | able to make it | able to attend
"""
_CONFIRM = "i | we"
_CONFIRMS = "confirm | accept | agree | confirm it | confirm my appointment | confirm the appointment"
_NO = """
    gelemem | gelemeyecegim | gelemicem | gelemiycem | gelemiyecegim | gelemeyecem | gelemeyiz | gelemeyecegiz
    gelemiyorum | gelemiyoruz | gelmiyorum | gelmiyoruz | gelmeyecegim | gelmicem | gelmiycem | gelmeyecegiz
    gelmem | gelemiyom | gelmiyom | gelemiycez | gelmeyecem | gelmeyiz | gelmem mumkun degil | gelmemiz mumkun degil
    gelmek istemiyorum | gelme imkanim yok | gelecek durumda degilim | katilamam | katilamayacagim | katilamiyorum
    katilmayacagim | katilamayacagiz | katilmiyorum | katilamayiz | orada olamam | orada olamayacagim | orda olamam
    orda olamayacagim | orada olamayiz | orada olmayacagim | orda olmayacagim | orada olamayacagiz | evde degilim
    evde degiliz | evde olamam | evde olamayacagim | evde olmayacagim | evde yokum | evde yokuz | evde olmayacagiz
    evde olamayacagiz | evde kimse yok | evde kimse olmayacak | evde olmam | adreste olamayacagim
    adreste olmayacagim | adreste degilim | adreste olamam | adreste olamayacagiz | adreste yokum
    adreste kimse yok | adreste kimse olmayacak | adreste olmayacagiz | musait degilim | musait degiliz
    musait olamayacagim | musait olmayacagim | musait olamam | musait olamayacagiz | uygun degilim | uygun degil
    benim icin uygun degil | bizim icin uygun degil | uygun degiliz | bana uymaz | bana uymuyor | uymaz | uymuyor
    olmaz | mumkun degil | imkansiz | maalesef olmaz | yetisemem | yetisemeyecegim | yetisemiyorum | yetisemeyiz
    yetisemiycem | onaylamiyorum | onaylamiyoruz | kabul etmiyorum | kabul etmiyoruz | teyit etmiyorum
    reddediyorum | ret | iptal et | iptal edin | iptal ediniz | iptal etmenizi | iptal edelim | iptal edebilirsiniz
    iptal ediyorum | iptal ediyoruz | iptal olsun | iptal istiyorum | iptal etmek istiyorum | iptal etmek istiyoruz
    iptal etmek zorundayim | iptal etmem gerekiyor | iptal etmem lazim | iptal etmemiz gerekiyor | iptal edecegim
    iptal edermisiniz | iptal eder misiniz | iptal edilsin | vazgectim | vazgectik | not coming | not attending
    not available | unavailable | unable to come | unable to attend | unable to make it | not possible | impossible
    decline | declined | i decline | doesnt work for me | that doesnt work
    that doesnt work for me | that does not work for me | it doesnt work for me | doesnt suit me
    that doesnt suit me | does not suit me | nobody will be home | no one will be home | nobody will be there
    no one will be there | nobody will be in | nobody is home | we are not coming | were not coming | im not coming
    i am not coming | im not available | i am not available | were not available | we are not available
    im not home | i am not home | im not going to make it | i am not going to make it | not going to make it
    im not going to be there | i am not going to be there | im not at home | i am not at home | im unavailable
    i am unavailable | im unable to come | im unable to attend | im unable to make it | i am unable to come
    i am unable to attend | i am unable to make it | i have to decline | i must decline
"""
_CANNOT = """
    i cant | i cannot | i can not | cant | cannot | we cant | we cannot | i wont | i will not | wont | we wont
    we will not | i wont be able to | i will not be able to | wont be able to | we wont be able to
    we will not be able to | i couldnt | i shall not | will not | will not be able to
"""
_CANCELLING_HOW = """
    cancel | please cancel | i want to cancel | i need to cancel | i have to cancel | i would like to cancel
    id like to cancel | need to cancel | have to cancel | i must cancel | must cancel | we need to cancel
    we have to cancel | we want to cancel | i am cancelling | im cancelling | im canceling | i am canceling
    i will have to cancel | ill have to cancel | i wish to cancel | we would like to cancel | want to cancel
    could you cancel | can you cancel | can you please cancel | could you please cancel | lets cancel
    i will cancel
"""
_CANCELLED = """
    it | my appointment | the appointment | this appointment | our appointment | my booking | the booking
    my reservation | the visit | my visit | this | that | tomorrows appointment | the delivery | my delivery
"""
_OTHER = """
    baska gun | baska bir gun | baska zaman | baska bir zaman | baska saat | baska bir saat | baska tarih
    baska bir tarih | farkli gun | farkli bir gun | farkli saat | farkli bir saat | farkli zaman | farkli bir zaman
    farkli bir tarih | ileri bir tarih | ileri tarih | daha sonraki bir gun | baska bi gun | baska bi zaman
    bska gun
"""
_LATER = """
    haftaya | gelecek hafta | onumuzdeki hafta | diger hafta | oteki hafta | obur hafta | yarin | obur gun
    ertesi gun | daha sonra | daha gec | daha erken | daha gec bir saat | daha erken bir saat | daha gec saatte
    daha erken saatte | bir saat sonra | biraz gec | biraz erken | biraz daha gec | biraz daha erken | aksam
    aksamustu | ogleden sonra | ogleden once | sabah | oglen | hafta sonu | hafta ici | bir sonraki gun
    iki gun sonra | bir gun sonra | ay sonu | gelecek ay | onumuzdeki ay | sonraki hafta | bir hafta sonra
    baska bir gunde | baska gunde | ileride
"""
_WEEKDAY = "pazartesi | sali | carsamba | persembe | cuma | cumartesi | pazar"
_ON_WEEKDAY = "haftaya | gelecek | onumuzdeki | bu"
_WOULD_DO = """
    olur mu | olurmu | olabilir mi | olabilirmi | olsa olur mu | olsa | olmaz mi | uygun mu | uygun olur mu
    mumkun mu | gelsem olur mu | gelsem | gelebilir miyim | gelebilirmiyim | gelebilir miyiz | gelsek olur mu
    gelsek | geleyim mi | gelseniz olur mu | gelebilir misiniz | gelin | gelseniz | gelirseniz | gelsin | istiyorum
    istiyoruz | lazim | olsun | rica ediyorum | rica ederim | istesem | istesem olur mu | isterim | isteriz
    tercih ederim | ayarlayalim | ayarlayabilir miyiz | ayarlayabilir misiniz | bakalim | verir misiniz
    verebilir misiniz | alabilir miyim | alabilir miyiz | gelmek istiyorum | gelmek istiyoruz | gelecegim | gelirim
"""
_IS_THERE = "var mi | varmi | yok mu | yokmu | bos mu | musait mi"
_TO_OTHER = """
    baska gune | baska bir gune | baska zamana | baska bir zamana | baska saate | baska bir saate | baska tarihe
    baska bir tarihe | farkli bir gune | farkli bir saate | farkli bir tarihe | ileri bir tarihe | ileri tarihe
    ileriye | sonraya | daha sonraya | daha gece | daha erkene | erkene | one | haftaya | gelecek haftaya
    onumuzdeki haftaya | yarina | obur gune | ertesi gune | pazartesiye | saliya | carsambaya | persembeye | cumaya
    cumartesiye | pazara | aksama | ogleden sonraya | sabaha | hafta sonuna | ay sonuna | bir sonraki gune
    daha ileri bir tarihe | daha gec bir saate | daha erken bir saate | baska bi gune | gelecek aya | onumuzdeki aya
"""
_SHIFT = """
    alalim | alalim mi | alabilir miyiz | alabilirmiyiz | alabilir misiniz | alabilirmisiniz | alir misiniz
    alirmisiniz | almak istiyorum | almak istiyoruz | alinabilir mi | alin | alsak | alsak olur mu | alabilir miyim
    alsaniz | alirsaniz sevinirim | ertele | erteleyelim | erteleyelim mi | erteleyebilir miyiz
    erteleyebilir misiniz | erteleyin | erteler misiniz | ertelemek istiyorum | ertelensin | kaydiralim
    kaydirabilir miyiz | kaydirabilir misiniz | atalim | atabilir miyiz | aktarabilir misiniz | birakalim
    cekebilir miyiz | cekelim | cekebilir misiniz | ceker misiniz | kaydirir misiniz | kalsin | kalsa olur mu
    birakabilir miyiz | alma sansimiz var mi | alsaniz olur mu
"""
_THE = """
    randevumu | randevu | randevunun | randevumun | randevuyu | randevumuzu | saati | gunu | tarihi | zamani | saatini
    gununu | tarihini | zamanini
"""
_PUT_OFF = """
    ertele | erteleyelim | erteleyelim mi | erteleyebilir miyiz | erteleyebilirmiyiz | erteleyebilir misiniz
    erteleyebilirmisiniz | erteleyin | erteler misiniz | ertelermisiniz | ertelemek istiyorum | ertelemek istiyoruz
    ertelenebilir mi | ertelensin | ertelemem gerekiyor | ertelemem lazim | ertelememiz gerekiyor | ertelesek
    ertelesek olur mu | ertelemek zorundayim | erteleme istiyorum | erteleyebilir miyim | degistirelim
    degistirelim mi | degistirebilir miyiz | degistirebilir miyim | degistirebilir misiniz | degistirmek istiyorum
    degistirmek istiyoruz | degistirir misiniz | degistirmem gerekiyor | degistirmem lazim | degistirin
    degistirsek olur mu | kaydiralim | kaydirabilir miyiz | kaydirmak istiyorum | oteleyelim | oteleyebilir miyiz
    otelemek istiyorum | one alabilir miyiz | ileri alabilir miyiz | one alalim | ileri alalim
"""
_TIME = """
    yeni randevu istiyorum | yeni bir randevu istiyorum | yeni tarih istiyorum | baska randevu istiyorum
    baska bir randevu istiyorum | yeni randevu alabilir miyim | yeni randevu almak istiyorum
    tarih degisikligi istiyorum | saat degisikligi istiyorum | gun degisikligi istiyorum | degisiklik istiyorum
    tarih degisikligi | saat degisikligi | zamani degistir | saati degistir | tarihi degistir
    reschedule please | rescheduling please | i need a change | change the time | change the date
"""
_ASKING = """
    can we | could we | can i | could i | may i | may we | i want to | i need to | i would like to | id like to
    we need to | we want to | we would like to | wed like to | i have to | we have to | lets | can you
    could you | can you please | could you please | can we please | could we please | can i please | could i please
    would it be possible to | is it possible to | i would prefer to | id prefer to | need to | want to | id rather
    i must | i will have to | ill have to | i wish to | would like to | i was hoping to | any chance we can
    any chance i can | can i possibly | could we possibly
"""
_MOVE = """
    reschedule | reschedule it | reschedule this | reschedule my appointment | reschedule the appointment
    reschedule our appointment | reschedule that | re schedule | postpone | postpone it | postpone my appointment
    postpone the appointment | move it | move my appointment | move the appointment | move this | change it
    change the time | change the date | change the day | change my appointment | change the appointment
    change the appointment time | change my appointment time | delay it | push it back | push it | rebook
    rebook it | rearrange | rearrange it | move the time | move the date | bring it forward | pick another time
    pick another day | choose another day | choose another time | find another time | find another day
    find a new time | set a new time | set another time | book another time | book another day
    reschedule the delivery | reschedule the visit | come another day | come another time | come some other time
"""
_MOVE_TO = """
    reschedule to | reschedule for | reschedule it to | reschedule it for | postpone to | postpone it to
    postpone until | move to | move it to | move this to | move my appointment to | move the appointment to
    change to | change it to | push it to | come | come on | do | do it | do it on | make it | have | have it | get
    delay it to | switch to | switch it to | shift it to | rebook for | delay until | postpone till | come in
    come by
"""
_ANOTHER = """
    another day | another time | a different day | a different time | some other day | some other time | other day
    other time | different day | different time | another date | a different date | another slot | a different slot
    a later time | an earlier time | a later date | an earlier date | a later slot | an earlier slot | a new time
    a new date | another appointment | a new appointment | a different appointment | any other day | any other time
"""
_WHEN = """
    next week | tomorrow | later | earlier | later today | later that day | later in the day | later in the week
    later this week | next month | in the afternoon | in the morning | in the evening | tomorrow morning
    tomorrow afternoon | tomorrow evening | the day after | the day after tomorrow | the following day
    this weekend | the weekend | the next day | an hour later | a bit later | a bit earlier | a little later
    a little earlier | the following week | the week after | at another time
"""
_ENGLISH_DAY = "monday | tuesday | wednesday | thursday | friday | saturday | sunday"
_ENGLISH_ON = "on | next | this | the following"
_INTRODUCING = """
    i need | i want | i would like | id like | id prefer | i would prefer | need | can i have | can i get
    could i have | could i get | what about | how about | do you have | is there | can we do | could we do
    can you do | could you do | we need | could we have | can we have | any chance of | would it be possible
    i would rather have | we would like | we would prefer | can i book | may i have | is it possible
"""
_FOLLOWING = """
    would be better | is better | works better | would suit me better | would work better | suits me better
    would be great | would be good | possible | instead | if possible | would be easier | would be better for me
    is better for me | works better for me
"""


def _split(text: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for line in text.strip().splitlines() for phrase in line.split("|") if phrase.strip()]


def _joined(*lists: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Everything of the first, followed by everything of the next."""
    found: list[tuple[str, ...]] = [()]
    for one in lists:
        found = [(*begin, *rest) for begin in found for rest in one]
    return found


def _turkish_times() -> list[tuple[str, ...]]:
    other, weekday = _split(_OTHER), _split(_WEEKDAY)
    on_weekday = [*weekday, *_joined(_split(_ON_WEEKDAY), weekday), *_joined(weekday, [("gunu",)])]
    return [
        *_joined([*other, *_split(_LATER), *on_weekday], _split(_WOULD_DO)),
        *_joined(other, _split(_IS_THERE)),
        *_joined(_split(_TO_OTHER), _split(_SHIFT)),
        *_split(_TO_OTHER)[:12],
        *_split(_PUT_OFF),
    ]


def _english_when() -> list[tuple[str, ...]]:
    days = _split(_ENGLISH_DAY)
    return [*_split(_WHEN), *days, *_joined(_split(_ENGLISH_ON), days)]


def _any_english_time() -> list[tuple[str, ...]]:
    when = _english_when()
    return [*_split(_ANOTHER), *when, *_joined(when, [("instead",)])]


def _english_times() -> list[tuple[str, ...]]:
    other, when, any_time = _split(_ANOTHER), _english_when(), _any_english_time()
    return [
        *_joined([*other, *when], [("instead",)]),
        *_joined(_split(_INTRODUCING), any_time),
        *_joined([*other, *when], _split(_FOLLOWING)),
        *_joined(
            [("is",), ("would",)], any_time, [("possible",), ("ok",), ("okay",), ("be", "ok"), ("be", "possible")]
        ),
        *_joined([("would",)], any_time, [("work",), ("be", "okay"), ("be", "better")]),
    ]


def _phrases() -> dict[tuple[str, ...], _Part]:
    """The later ones stand over the earlier."""
    cancelling, cannot = _split(_CANCELLING_HOW), _split(_CANNOT)
    listed = (
        (_Part.AROUND, _split(_AROUND)),
        (_Part.DAY, _split(_DAY)),
        (_Part.ON_TIME, _split(_ON_TIME)),
        (_Part.HARDLY, _split(_HARDLY)),
        (_Part.REGRET, _split(_REGRET)),
        (_Part.ASKING, [*_split(_ASKING), *_split(_THE), *_split(_ON_WEEKDAY)]),
        (_Part.BARE_YES, _split(_BARE_YES)),
        (_Part.BARE_NO, _split(_BARE_NO)),
        (_Part.TIME, [*_split(_TIME), *_turkish_times(), *_english_times()]),
        (_Part.OTHER, [*_split(_OTHER), *_split(_ANOTHER)]),
        (_Part.MOVE, [*_split(_MOVE), *_joined(_split(_MOVE_TO), _any_english_time())]),
        (
            _Part.YES,
            [
                *_split(_YES),
                *_joined(_split(_WILL), _split(_BE)),
                *_joined(_split(_AM), _split(_DOING)),
                *_joined(_split(_CONFIRM), _split(_CONFIRMS)),
            ],
        ),
        (
            _Part.NO,
            [
                *_split(_NO),
                *_joined(cannot, _split(_BE)),
                *cancelling,
                *_joined(cancelling, _split(_CANCELLED)),
                *_joined(_split("randevumu | randevuyu | randevumuzu | randevum | teslimati | ziyareti"), _IPTAL),
            ],
        ),
        (_Part.CANNOT, cannot),
        (_Part.KEEP, _split(_KEEP)),
        (
            _Part.DOUBT,
            [
                *_split(_DOUBT),
                *_joined(_split(_NO_NEED), _split(_AS_IT_IS)),
                *_joined(cannot, [("cancel",), ("decline",), *_joined([("cancel",)], _split(_CANCELLED))]),
            ],
        ),
    )
    return {phrase: part for part, phrases in listed for phrase in phrases}


_IPTAL = [phrase for phrase in _split(_NO) if phrase[0] == "iptal"]
_PHRASES = _phrases()
_LONGEST = max(map(len, _PHRASES))
_MOST_WORDS = 20

_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_DOUBTFUL = frozenset("🤔🙄🤨🤷🙃😂🤣😏😒🤡🤪")
"""Drawn beside an answer, they take it back."""
_UNLIKE_YES = frozenset("👎❌🚫😡🤬😤🖕😢😭😞😔🙁☹😕")
_UNLIKE_NO = frozenset("👍✅👌💪")
_QUOTES = frozenset('"“”«»„')


@lru_cache(maxsize=10_000)
def said_in(text: str) -> Said | None:
    """Nothing where it says something else, or more, or leaves a doubt."""
    plain = unicodedata.normalize("NFKC", text)
    drawn = set(plain)
    if drawn & (_DOUBTFUL | _QUOTES):
        return None
    words = _DRAWN_OUT.sub(r"\1", folded(plain)).split()
    parts = _parts(tuple(words), 0, {}) if 0 < len(words) <= _MOST_WORDS else None
    found = _decided(parts) if parts is not None else None
    if found is None or ("?" in plain and found is not Said.ANOTHER_TIME):
        return None
    if drawn & (_UNLIKE_YES if found is Said.YES else _UNLIKE_NO if found is Said.NO else frozenset()):
        return None
    return found


def _parts(words: tuple[str, ...], start: int, seen: dict[int, list[_Part] | None]) -> list[_Part] | None:
    """Of what the words are made, the longest phrases first; nothing where anything is left."""
    if start == len(words):
        return []
    if start not in seen:
        seen[start] = None
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            part = _PHRASES.get(words[start : start + length])
            rest = _parts(words, start + length, seen) if part is not None else None
            if part is not None and rest is not None:
                seen[start] = [part, *rest]
                break
    return seen[start]


_TAKEN_BACK = {(_Part.OTHER, _Part.NO), (_Part.OTHER, _Part.CANNOT), (_Part.CANNOT, _Part.MOVE)}
"""One right behind the other: it is the other time that does not suit, or cannot be."""
_AS = {_Part.OTHER: _Part.TIME, _Part.MOVE: _Part.TIME, _Part.CANNOT: _Part.NO}
_BESIDE_TIME = {
    _Part.TIME, _Part.ASKING, _Part.NO, _Part.BARE_NO, _Part.BARE_YES, _Part.HARDLY, _Part.REGRET, _Part.KEEP,
    _Part.DAY,
}  # fmt: skip
_BESIDE_YES = {_Part.YES, _Part.BARE_YES, _Part.BARE_NO, _Part.HARDLY, _Part.KEEP, _Part.ON_TIME}
_BESIDE_NO = {_Part.NO, _Part.BARE_NO, _Part.BARE_YES, _Part.HARDLY, _Part.REGRET, _Part.DAY}
_BESIDE_BARE_YES = {_Part.BARE_YES, _Part.KEEP, _Part.ON_TIME}
_BESIDE_BARE_NO = {_Part.BARE_NO, _Part.REGRET}
"""A day beside it may be the right one: no, tomorrow."""
_SAYS = (
    (_Part.TIME, Said.ANOTHER_TIME, _BESIDE_TIME),
    (_Part.YES, Said.YES, _BESIDE_YES),
    (_Part.NO, Said.NO, _BESIDE_NO),
    (_Part.BARE_YES, Said.YES, _BESIDE_BARE_YES),
    (_Part.BARE_NO, Said.NO, _BESIDE_BARE_NO),
)
"""The first that is there is what is said, if nothing else stands beside it."""


def _decided(found: Sequence[_Part]) -> Said | None:
    if not _TAKEN_BACK.isdisjoint(pairwise(found)):
        return None
    parts = {_AS.get(part, part) for part in found} - {_Part.AROUND}
    for part, said, beside in _SAYS:
        if part in parts:
            return said if parts <= beside else None
    return None
