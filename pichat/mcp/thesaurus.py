"""Words that people say, and those by which tools that do it are usually called.

Only English: tools tell of themselves in it. What a person says in another language finds by names
and numbers alone, and a model that looks for tools is asked to do so in English.
"""

from __future__ import annotations

import re
from functools import cache

_SAME = """
mail email e-mail inbox letter: email mail message
write wrote written answer reply: message send reply
text texted ping: message send chat
tell let inform: send message post
ring rang phone call missed: call calls phone missed
newsletter spam: unsubscribe mail
throw trash bin: delete remove trash
meeting meet appointment calendar schedule busy plan: event calendar meeting
monday tuesday wednesday thursday friday saturday sunday: event calendar date
dentist doctor physician: appointment doctor event
invitation invite party: event invitation attendees
free available: free busy availability
move postpone shift: update move event
holiday vacation: holidays vacations
rain raining rainy snow snowing sunny sunshine cloudy: weather forecast temperature conditions
wind windy umbrella hot cold warm chilly degrees: weather forecast temperature conditions
storm hurricane flood warning warnings: alerts severe weather
pollen smog dusty air: air quality pollen
waves surf beach swim: tide tides waves coast water
sun sunset sunrise dusk dawn moon: sunrise sunset moon
tram bus metro underground subway tube: transit departures stop transport lines
train railway station: train station departures connections
flight fly plane airline: flight flights airport
platform late delayed delay punctual: delay status platform
drive driving route way: directions route travel car
jam jams congestion: traffic route
nearby near around closest nearest corner: nearby places search
open opens closed: opening hours open
shop store: shop shopping
restaurant dinner lunch eat dining: restaurant meal table
table: table reserve
pizza sushi burger takeaway takeout food: meal order delivery food
hotel hostel room stay: hotel room booking
rent rental hire: rental rent
cook cooking bake dish meal: recipe recipes ingredients
calories healthy vitamins: nutrition calories nutrients
milk bread eggs groceries: shopping list product
buy buying bought purchase need: shopping list buy order cart
package parcel shipment delivery: parcel shipping tracking delivery
cost costs price expensive cheap cheaper cheapest worth: price cost cheapest
music song songs jazz rock album band artist tune: music song track play playback
sing sings singer plays playing: track playing artist
skip: next skip
louder quieter loud quiet volume: volume
film films movie movies cinema watch: film films movie play
series show episode: series episode show
stream streaming netflix: streaming watch
video clip youtube: video videos
book books novel author read: book books library
library loan loans borrow borrowed: library loans
search google internet web online look: search web
page site website article link url: web page url site fetch
news headlines newspaper: news headlines articles
translate french german spanish portuguese italian polish english say: translate language
mean means meaning word spell: definition word
share shares stock stocks: stock price market
dollar dollars euro euros pound pounds yen francs: currency convert amount
bitcoin ethereum crypto: cryptocurrency price coin
money account balance: account balance accounts
pay paid payment transfer: transfer payment pay
spend spent spending: spending transactions category budget
owe owes owed debt: owes balances shared
lost stolen card: block lost card
remind reminder remember: reminder task due
todo todos task tasks chores: task tasks list reminders
done finished tick: complete task
note notes jot idea: note notes page create
slack channel team colleagues: message channel team
bug issue ticket: issue create error
broken crash crashes crashed failing fails: error issue failed
pipeline build ci: pipeline workflow build jobs runs
container docker: container docker
log logs: logs log
restart reboot: restart start stop
down offline up reachable: monitor up site status ping
wifi wlan visitors guests: wi-fi guest network
speed fast slow bandwidth: speed measure connection
somebody anybody person door burglar outside garden yard: camera motion persons
vacuum hoover clean cleaning: vacuum cleaning
mow grass lawn: mow mowing lawn
car tesla vehicle: car
charge charging charged battery range kilometres: charge charging battery range
park parked parking: park parked parking
solar panels photovoltaic: solar power panels yield
electricity power energy kilowatt consumption: electricity power consumption meter
water sprinkler plants garden vegetables: water garden zone irrigation
flower flowers tree plant: plant identify
sleep slept asleep: slept sleep
run ran jog walk walked steps workout gym training: activities runs workout steps distance
weigh weight kilos pounds: weight
medicine pills tablets drug drugs: medicine medicines medication
pharmacy chemist: pharmacy
homework school lesson lessons teacher: homework lessons school child
lunch canteen: lunch menu canteen
bin rubbish garbage waste recycling collected: bin collection collected waste
print printed paper ink toner: print printer document ink
scan scanned: scan document
picture pictures photo photos image images: photo photos picture image
draw paint drawing: draw image generate
document documents pdf letter letters invoice invoices bill: document documents invoice file
file files folder: file files folder
team match game score league plays football soccer: match matches team league scores
ticket tickets concert gig: tickets concerts event
joke funny laugh: joke
gift present birthday: gift ideas occasion
calculate percent plus minus times sum maths: calculate mathematical expression statistics
inch inches cups miles litres ounces: convert units
timezone clock: time timezone
database sql rows: query database table
server cluster pod pods: pods cluster server containers
commit branch merge repo repository: repository branch commit pull request
wiki encyclopedia history famous invented: wikipedia article summary
"""

_PHRASES = """
who (was|is|were)|what (is|was) an?|when (was|did)|tell me about: wikipedia summary article
how do you say|in (french|german|spanish|italian|portuguese|english|polish): translate
have i got|do i have|am i (free|busy)|what.s on (today|tomorrow): calendar events list
left to do|still to do|have to do: tasks list reminders
still have to buy|need from the: shopping list
what is this song|what song|who sings: playing now track
how (cold|warm|hot) is: current temperature conditions weather
how long does it take|how far is: distance directions travel times
how much is|how many .* are: convert amount price
at the door|front door: camera persons motion
turn .* (up|down): volume set
get in touch|let .* know: send message
"""

_WORD = re.compile(r"[^\W_]+")


@cache
def _same() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _SAME.strip().splitlines():
        said, _, meant = line.partition(":")
        for word in said.split():
            found[word] = (*found.get(word, ()), *meant.split())
    return found


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    lines = (line.partition(":") for line in _PHRASES.strip().splitlines())
    return tuple((re.compile(rf"\b(?:{said})\b"), tuple(meant.split())) for said, _, meant in lines)


def also(text: str) -> list[str]:
    """Other words for what is said, each once; not those that were said."""
    text = text.lower()
    said = _WORD.findall(text)
    found: dict[str, None] = {}
    for word in said:
        # A plural that stands not in the list by itself.
        meant = _same().get(word) or _same().get(word.removesuffix("s"), ())
        found |= dict.fromkeys(meant)
    for pattern, words in _phrases():
        if pattern.search(text):
            found |= dict.fromkeys(words)
    return [word for word in found if word not in said]
