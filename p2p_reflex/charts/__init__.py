"""Records in, plotly figures out."""

from p2p_reflex.charts.book import DepthStep, RatePoint, average_rate_chart, depth_chart
from p2p_reflex.charts.bots import BotDay, BotGrades, bot_bids_chart, bot_grades_chart
from p2p_reflex.charts.layout import EMPTY_FIGURE
from p2p_reflex.charts.loan import BalancePoint, ScheduleBar, balance_chart, schedule_chart
from p2p_reflex.charts.market import (
    BidCount,
    GradeAmount,
    MonthVolume,
    bids_chart,
    grade_bars,
    sparkline,
    volume_chart,
)
from p2p_reflex.charts.palette import DARK, LIGHT, Palette, Theme, palette
from p2p_reflex.charts.portfolio import CashMonth, ValuePoint, cash_flow_chart, value_chart
from p2p_reflex.charts.risk import FundDay, LateShare, fund_chart, late_share_chart

__all__ = [
    "DARK",
    "EMPTY_FIGURE",
    "LIGHT",
    "BalancePoint",
    "BidCount",
    "BotDay",
    "BotGrades",
    "CashMonth",
    "DepthStep",
    "FundDay",
    "GradeAmount",
    "LateShare",
    "MonthVolume",
    "Palette",
    "RatePoint",
    "ScheduleBar",
    "Theme",
    "ValuePoint",
    "average_rate_chart",
    "balance_chart",
    "bids_chart",
    "bot_bids_chart",
    "bot_grades_chart",
    "cash_flow_chart",
    "depth_chart",
    "fund_chart",
    "grade_bars",
    "late_share_chart",
    "palette",
    "schedule_chart",
    "sparkline",
    "value_chart",
    "volume_chart",
]
