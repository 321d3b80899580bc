"""Chinese as the models see it: Traditional folded to Simplified, character by character.

Good for comparing, not for showing: the fold keeps the length of a text and forgets distinctions that a reader needs.
"""

_TRADITIONAL = (
    "個們來這說話還沒會對時間開關門問訂單買賣錢價歡點給讓讀謝請誰為麼樣從後過進遠運達選邊遞鐘錄錯鍋鐵鮮麵"
    "飲館餅裡裏製複覺記認證評試該詢誤課調談論講護變豐貨費資質贈車輕較轉辦農連週郵釋銀閉陽陰隊隨難電靜響頁"
    "項順須預頓領頭題願類顯風飯養驗體魚黃齊龍嗎員喫圖團國園場壞報塊壺夠夢學實寫寬將專導屬帳帶幣幫幾庫廣應"
    "廠張強彈復總慮愛態慣憶懷戶據擇換損搖擔擾攜數斷無曬條業極榮樂標機檢歲歷歸殺殼氣決況濃溫測湯準滿漢潔濕"
    "濾煩熱燙營爾牠狀獨獲環現產畫當發盡監盤碼確禮種稱積窮節範簡糧紀約紅級紙細終組結絡統絲經綠維網緊線編練"
    "縮繼續罰聯聲聽職與興舊葉號處蘇藍藥術衛補裝視親觀計訊討許訪設誠詳語誌豬貝負責貴賀賞賬趕跡踐蹤軟載輛輸"
    "辭邏鄰醬釐鎖鏡長閒閱陳陸隻雖雙雜離雲靈韓額顏顧飛餘騎騷驚鬆鬧鳳麥齡併佈倉偉側備傳債傷僅優儲兒兩內冊凍"
    "則剛創劃劑動務勝勞匯區協卻參嘗嚐嚴執夾奪妝媽嬰孫審層島幹廚徵徹憑懶戲拋挾採掃掛揮撥擋擠擬敗敵暫書東權"
    "殘毀沖涼淚淺減漲澤濟灣燈爛牆猶瑪異瘋療盜眾瞭磚禍穩筆箋築籤籃粵緩罷羅習聖腦臉臺莊蓋薦虛蝦褲襯託詞詩誇"
    "諮謊謙譯議貓貪賓賠購贊贏趙躍軍輪遊違遲適遺鄉鈴銷鋪鍵鑰階際險隱頻飾駕騙髒鬥鹹鹽麗黨檔蒐刪瀏覽啟啓妳喚"
    "嘅係唔咗冇喺嘢佢乜俾睇攞揀齋"
)
_SIMPLIFIED = (
    "个们来这说话还没会对时间开关门问订单买卖钱价欢点给让读谢请谁为么样从后过进远运达选边递钟录错锅铁鲜面"
    "饮馆饼里里制复觉记认证评试该询误课调谈论讲护变丰货费资质赠车轻较转办农连周邮释银闭阳阴队随难电静响页"
    "项顺须预顿领头题愿类显风饭养验体鱼黄齐龙吗员吃图团国园场坏报块壶够梦学实写宽将专导属帐带币帮几库广应"
    "厂张强弹复总虑爱态惯忆怀户据择换损摇担扰携数断无晒条业极荣乐标机检岁历归杀壳气决况浓温测汤准满汉洁湿"
    "滤烦热烫营尔它状独获环现产画当发尽监盘码确礼种称积穷节范简粮纪约红级纸细终组结络统丝经绿维网紧线编练"
    "缩继续罚联声听职与兴旧叶号处苏蓝药术卫补装视亲观计讯讨许访设诚详语志猪贝负责贵贺赏账赶迹践踪软载辆输"
    "辞逻邻酱厘锁镜长闲阅陈陆只虽双杂离云灵韩额颜顾飞余骑骚惊松闹凤麦龄并布仓伟侧备传债伤仅优储儿两内册冻"
    "则刚创划剂动务胜劳汇区协却参尝尝严执夹夺妆妈婴孙审层岛干厨征彻凭懒戏抛挟采扫挂挥拨挡挤拟败敌暂书东权"
    "残毁冲凉泪浅减涨泽济湾灯烂墙犹玛异疯疗盗众了砖祸稳笔笺筑签篮粤缓罢罗习圣脑脸台庄盖荐虚虾裤衬托词诗夸"
    "咨谎谦译议猫贪宾赔购赞赢赵跃军轮游违迟适遗乡铃销铺键钥阶际险隐频饰驾骗脏斗咸盐丽党档搜删浏览启启你唤"
    "的系不了没在东他什给看拿拣斋"
)
_FOLD = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
# Characters that are written in one of the two scripts only, so that they tell them apart.
_BOTH = frozenset("的是不了没在东他你什给看拿台周里只准松面后干斗余咸游种志吃布仓云回表着范丰几系奶您高餐燕恢牠它雅")
TRADITIONAL_ONLY = frozenset(_TRADITIONAL) - frozenset(_SIMPLIFIED) - _BOTH
SIMPLIFIED_ONLY = frozenset(_SIMPLIFIED) - frozenset(_TRADITIONAL) - _BOTH


def fold(text: str) -> str:
    """`text` with Traditional characters, and common Cantonese ones, replaced by Simplified ones."""
    return text if text.isascii() else text.translate(_FOLD)
