"""Owns what people in the demo market want money for, in their own words."""

from dataclasses import dataclass

from p2p_reflex.domain.vocabulary import Purpose


@dataclass(frozen=True, slots=True)
class Plan:
    """A purpose with its title and story, and the dollars it usually takes."""

    purpose: Purpose
    title: str
    story: str
    smallest: int
    largest: int


PLANS: tuple[Plan, ...] = (
    Plan(
        Purpose.SMALL_BUSINESS,
        "Second oven for a neighbourhood bakery",
        "The bakery on Alder Street sells out by ten. One deck oven bakes 90 loaves a morning; a second one "
        "takes us to 170 and lets us supply two cafés that have already asked.\n\nThe oven costs $15,200 "
        "installed, the wiring $2,800. The cafés alone bring about $1,900 a month.",
        14_000,
        22_000,
    ),
    Plan(
        Purpose.SMALL_BUSINESS,
        "Lathe and dust extraction",
        "I make stair parts for three builders and turn work away every week. A used copy lathe and proper "
        "dust extraction would double what the workshop can finish.\n\nTwo of the builders have signed for "
        "the spring. Materials are paid on delivery, so the payments come out of what I invoice.",
        12_000,
        24_000,
    ),
    Plan(
        Purpose.SMALL_BUSINESS,
        "Refit of a food cart",
        "My cart has stood at the river market for four years. The grill is worn out and the fridge fails in "
        "August. With both replaced I can stay open on the hot weekends, which are the best ones.",
        5_000,
        11_000,
    ),
    Plan(
        Purpose.SMALL_BUSINESS,
        "Stock for the spring season",
        "We run a small garden shop. Buying seedlings and soil in January instead of March saves about a "
        "fifth. The shop has paid its way for six years, and this loan is repaid by the early summer sales.",
        8_000,
        18_000,
    ),
    Plan(
        Purpose.DEBT_CONSOLIDATION,
        "Paying off three cards with one loan",
        "Three cards, all above 20 %, from the year my husband was between jobs. He has been working again "
        "since last spring. One payment at a lower rate ends this in three years instead of nine.",
        9_000,
        18_000,
    ),
    Plan(
        Purpose.DEBT_CONSOLIDATION,
        "One payment instead of five",
        "I owe a store card, two credit cards, a furniture plan and a small bank loan. I pay all of them on "
        "time, but the dates and rates are a mess. I would close the cards the day the money arrives.",
        7_000,
        20_000,
    ),
    Plan(
        Purpose.DEBT_CONSOLIDATION,
        "Closing an old line of credit",
        "The rate on my line of credit went up twice this year. I have paid it down from $21,000 and want a "
        "fixed installment and an end date for the rest.",
        6_000,
        14_000,
    ),
    Plan(
        Purpose.CREDIT_CARD,
        "Last card, then done",
        "I have cleared two cards in two years and this is the last one. At the card's rate most of what I "
        "pay is interest. I keep a budget and can show it.",
        3_000,
        9_000,
    ),
    Plan(
        Purpose.CREDIT_CARD,
        "Moving card debt to a fixed rate",
        "The introductory rate on my card ends in two months. I would rather pay a fixed amount every month "
        "and know the day it is over.",
        4_000,
        12_000,
    ),
    Plan(
        Purpose.HOME_IMPROVEMENT,
        "New windows for a cold house",
        "The house is from 1962 and so are the windows. We measured the draught with an energy adviser: nine "
        "windows make up a third of the heat we lose. The quote is fixed and includes the fitting.",
        7_000,
        15_000,
    ),
    Plan(
        Purpose.HOME_IMPROVEMENT,
        "Roof repair after the storm",
        "The insurance paid for the chimney but not for the valley gutters and the north side. The roofer "
        "can start in three weeks, before the winter rain.",
        6_000,
        13_000,
    ),
    Plan(
        Purpose.HOME_IMPROVEMENT,
        "A bathroom my mother can use",
        "My mother moves in with us in spring. The ground floor needs a walk-in shower, a wider door and "
        "rails. A neighbour who is a plumber does half of the work at cost.",
        8_000,
        16_000,
    ),
    Plan(
        Purpose.GREEN_ENERGY,
        "Heat pump before the winter",
        "Our oil boiler failed its last inspection. With the grant already approved, the part we pay "
        "ourselves is what I am asking for. The heating bill falls by about $140 a month.",
        9_000,
        16_000,
    ),
    Plan(
        Purpose.GREEN_ENERGY,
        "Solar panels for a row of six houses",
        "Six neighbours share one roof line and one installer. My part is twelve panels and the inverter. "
        "The installer guarantees the yield for ten years.",
        7_000,
        14_000,
    ),
    Plan(
        Purpose.CAR,
        "Used van for a flower route",
        "I deliver flowers to hotels and have rented a van for two years. Owning one saves $310 a month "
        "compared with renting. It is four years old with 61,000 miles and a full service book.",
        10_000,
        19_000,
    ),
    Plan(
        Purpose.CAR,
        "A reliable car for the night shift",
        "The last bus leaves before my shift ends. I found a six-year-old estate car from a colleague, "
        "checked by a garage. I have saved a third of the price myself.",
        5_000,
        12_000,
    ),
    Plan(
        Purpose.CAR,
        "Truck repair that keeps us working",
        "The gearbox of our delivery truck needs rebuilding. It is the only truck we have, and every day off "
        "the road costs about $400.",
        4_000,
        9_000,
    ),
    Plan(
        Purpose.MEDICAL,
        "Dental work, both of us",
        "Two crowns and a bridge for me, an implant for my wife. Insurance covers the first $1,500. The "
        "dentist agreed to a discount if we pay in one go.",
        3_500,
        8_000,
    ),
    Plan(
        Purpose.MEDICAL,
        "Knee operation and six weeks off",
        "The operation is covered, the six weeks without overtime are not. My employer has confirmed in "
        "writing that my place is kept.",
        3_000,
        7_000,
    ),
    Plan(
        Purpose.EDUCATION,
        "Last year of nursing school",
        "Two terms left, and a hospital that has offered me a place on its surgical ward from September. The "
        "loan covers the fees and the uniform; I keep working weekends.",
        5_000,
        11_000,
    ),
    Plan(
        Purpose.EDUCATION,
        "Welding certificate",
        "A ten-week course and the exam fee. Certified welders at my company earn $6 an hour more, and the "
        "foreman has two places to fill.",
        2_000,
        5_000,
    ),
    Plan(
        Purpose.MOVING,
        "Moving to Duluth for a new job",
        "I start on the first of the month. Deposit, first rent and the mover come before the first pay. The "
        "contract is signed and open-ended.",
        2_500,
        6_000,
    ),
    Plan(
        Purpose.MOVING,
        "Back to my home town",
        "My brother and I take over our parents' flat. We need a mover, paint and a new kitchen floor, and "
        "save $380 of rent a month from then on.",
        3_000,
        8_000,
    ),
    Plan(
        Purpose.WEDDING,
        "A small wedding in June",
        "Forty guests in a barn, a band of friends, and good food. We have saved half and would rather not "
        "wait another year for the rest.",
        4_000,
        10_000,
    ),
    Plan(
        Purpose.VACATION,
        "Three weeks to see my grandparents",
        "They are 91 and 88 and live in Manila. Flights for the four of us are the largest part. I work in "
        "the public library and have never missed a payment.",
        3_000,
        7_000,
    ),
    Plan(
        Purpose.MAJOR_PURCHASE,
        "Second-hand tractor",
        "Thirty acres, and a tractor from 1971 that spends more time in the shed than in the field. "
        "The dealer takes the old one in part exchange.",
        11_000,
        24_000,
    ),
    Plan(
        Purpose.MAJOR_PURCHASE,
        "A piano for teaching",
        "I teach eleven children in my living room on an instrument that no longer stays in tune. A "
        "reconditioned upright from a dealer I trust comes with a five-year warranty.",
        4_000,
        9_000,
    ),
    Plan(
        Purpose.OTHER,
        "Adopting two sisters",
        "The agency's fees and the travel come all at once. The home study is finished, and both our "
        "employers give paid leave.",
        8_000,
        15_000,
    ),
    Plan(
        Purpose.OTHER,
        "Headstone and the costs of a farewell",
        "My father's insurance pays in the autumn, the costs are due now. I will pay most of this back as "
        "soon as it arrives.",
        3_000,
        7_000,
    ),
)
