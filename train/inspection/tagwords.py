"""Words that make a caption tag a description instead of a name: the vocabulary of booru-style and photo captions.

One such word in a tag is enough, so the list holds what tags are made of, and no name. Where a name is a word as
well ("lily", "rose", "may"), it is left out in doubt: a needless warning is cheaper than a missing one.
"""

from __future__ import annotations

_ENGLISH = """
a above abs abstract absurdres accessories accessory across action actor actress adjusting adult aesthetic
afternoon against age aged ahead air airbrush album alley alone along alternate amazing amber ambient
american an anchor ancient and angel angle angled angry animal animated anime ankle antenna antique antlers
anything apartment apple apron arched architecture arena arm armband armchair armlet armor armored armpit
armpits arms army around arrow art artbook artificial artist artistic artwork asian asphalt assault
asymmetrical at athletic atmosphere attack autumn avatar aviator awake axe baby back background backless
backlight backlighting backpack bad badge bag baggy bald ball balloon balls band bandage bandages bandaid
bandana bandeau bangle bangs banner bar bare bared barefoot bars baseball basket basketball bat bath bathing
bathroom battle bay beach bead beads beam bean bear beard beautiful beauty bed bedroom bee beer beige bell
bells belly below belt belts bench bending bent beret best between beverage bicycle big bike biker bikini
bird birds bit biting black blank blanket blazer bleeding blind blindfold blond blonde blood bloody bloom
blooming blouse blowing blue blunt blur blurred blurry blush blushing board boat bob body bodypaint bodysuit
bokeh bomber bone bones bonnet book books bookshelf boot boots border bottle bottom bound bouquet bow bowl
bowtie box boxer boxing boy boys bra bracelet bracelets braces braid braided braids branch branches brass
bread breast breastplate breasts breath brick bridal bride bridge briefs bright broken bronze brooch broom
brown brunette brush brushing bubble bubbles bucket buckle bug building buildings bun bunny buns burger
burning bus bush business bust busty butt butterfly button buttoned buttons by cabin cabinet cable cafe cage
cake calm camera camisole camouflage camp campfire can candle candles candy cane cannon canvas cap cape
capelet caption captions car card cardigan cards cargo carpet carrot carrying cartoon carving casing castle
casual cat cave ceiling celebration celebrity cell chain chains chair chalk chalkboard champagne character
characters checkered checkpoint cheek cheekbones cheeks cheerful cheerleader chef cherry chess chest chibi
chicken child children chimney chin chinese chocolate choker christmas chubby church cigarette cinematic
circle circlet city cityscape class classic classroom claw claws clay clean clear cleavage clenched cliff
clipboard cloak clock close closed closet closeup cloth clothed clothes clothing cloud clouds cloudy clover
club coast coat coats cobblestone cockpit coffee coin cold collage collar collarbone collared collars color
colored colorful colors colour coloured colourful column columns comb combat comic commentary commissioner
compass complex composition computer concept concert concrete condensation cone confetti confident confused
construction container contemporary contrapposto contrast control cookie cooking cool copyright coral corn
corner corset cosmetic cosplay cosplayer costume cotton couch counter couple covered covering cow cowboy
cowgirl cozy crab cracked cracks crater crawling crazy cream creature creatures crescent crest crocodile
crop cropped cross crossed crossing crosswalk crow crowd crown crying crystal crystals cuffed cuffs cup
cupboard cupcake curled curls curly curtain curtains curves curvy cut cute cutout cyan cyberpunk cyborg
dagger damaged dance dancer dancing dappled dark darkness data dataset dawn day daytime dead decor decorated
decoration deep deer default defined demon denim depth desert desk dessert detached detail detailed details
device devil diadem diamond dice diffusion digital dim dining dinner dinosaur dirt dirty display distant
document dog doll dolphin dome donut door doorway dot dots dotted double doujinshi down dragon dragonfly
dramatic drapes drawing drawn dream dreamy dress dressed dresser dresses drill drink drinking dripping
driving drone drop drops drum dual duck dungeon dusk dust dutch dynamic eagle ear early earphones earring
earrings ears earth east eastern eating edge edo effect effects egg eggs elbow elbows electric electricity
elegant elephant elf elven embarrassed embers emblem embroidery emerald emotion emotionless empty engine
entrance epaulettes epic evening event everyone evil exhausted explicit explosion exposed expression
expressionless expressions expressive exterior extra extreme eye eyeball eyebrow eyebrows eyed eyelashes
eyelids eyeliner eyepatch eyes eyeshadow eyewear fabric face faced faceless facepaint faces facial facing
factory faint fairy fake fallen falling family fan fancy fang fangs fantasy farm fashion fast fat father
faucet feather feathered feathers feet female fence festival field fierce fight fighter fighting figure
figurine film filter final fine finger fingering fingerless fingernails fingers fins fire firearm fireplace
fireworks fish fishing fishnet fishnets fist fit fitted five flag flame flames flash flashlight flat flats
flexible flight floating flood floor floral flower flowers fluffy flute flux fly flying focus focused fog
foggy folded folder foliage food foot football footwear for forearm foreground forehead foreshortening
forest fork formal four fox frame framed freckle freckles french frilled frills fringe frog from front frown
frowning fruit fruits frying full funny fur furniture furrowed furry futuristic gaming gap garden garter
garters gate gauntlet gauntlets gaze gazing geisha gem gemstone gemstones general gentle geometric german
ghost giant gift gigantic ginger giraffe girl girls glamorous glamour glancing glare glass glasses gleam
glint glitch glitter gloom gloomy glossy glove gloved gloves glow glowing goat goatee goblin goggles gold
golden gothic gown gradient graffiti grain grainy grass gray greek green grenade grey greyscale grin
grinning gritty groin ground group grunge guitar gun gundam guns gym hair hairband hairbow hairclip haircut
hairpin hairpods hairs hairstyle hairy half halftone hall halloween hallway halo halter hammer hamster hand
handbag handgun handheld handle handrail hands handsome hanging happy harbor hard harness harp hat hatching
hats haze hazel hazy head headband headdress headgear headless headphones headpiece heads headset headshot
headwear healthy heart hearts heater heavy heel heels height helicopter helmet hero heroine heterochromia hi
hidden high highlight highlights highres hill hills hip hips hoe holding hole holiday holographic holster
home hood hooded hoodie hoop hooves horizon horizontal horn horned horns horror horse hospital hot hotel
hourglass house houses hud huge human humanoid hunter hybrid hyper hyperrealistic ice icicle icon idol
illustration illustrious image images img imgs impressionist in indian indie indoor indoors industrial
influencer ink insect inset inside insignia instrument intense interior intricate inverted iris iron island
ivory ivy jacket jackets janes japanese jar jaw jean jeans jellyfish jersey jet jewel jeweled jewelry jewels
joints journalist juice jump jumping jumpsuit jungle kanji katana kawaii key keyboard keychain kick kicking
kid kids kimono king kiss kissing kitchen kitten knee kneehighs kneeling knees knife knight knit knitted
knot korean lab laboratory lace laced lady lake lamp lamppost lamps landscape lantern lanterns lap laptop
large laser lashes late latex laugh laughing laundry lava lavender layered layers lazy leaf leaning leash
leather leaves leg leggings leggy legs legwear lemon length lens leopard leotard letter letterboxed library
licking lid lifting light lighted lighthouse lighting lightning lights lily limb limited line lineart lines
lingerie lion lip lipgloss lips lipstick liquid lit litter little living lizard locker locket logo loincloth
long look looking loose lora lotion lotus loungewear love low lower lowres lunch lush lying machine
machinery macro mad magazine magic magical maid majestic makeup male mammal man mane manga mansion mantle
map maple marble mark marker marking markings mask masked masks masterpiece masterwork mat match matte
maximum meadow meal meat mech mecha mechanical medal medallion medical medieval medium melon men menacing
merchant mermaid messy meta metal metallic mic microphone microskirt middle midriff military milk mini
miniature minimal minimalist miniskirt mirror missile missing mist misty mittens mixed mob model modern
mohawk mole monk monkey monochrome monocle monster monsters moody moon moonlight morning mosaic moss mother
motion motor motorcycle mountain mountains mouse moustache mouth movie moving mud muddy mug multi
multicolored multiple muscle muscles muscular museum mushroom music musical mustache muted mystical nail
nails naked name narrow natural nature navel navy near neck neckerchief necklace necklaces neckline necktie
negative neon nest net neutral new newspaper night nighttime ninja no noble noise noobai noodles nose
nostalgic notebook nude nudity number nun nurse oak ocean octopus of off office officer official ohwx oil
old older on one onsen open opened orange orb orc orchid oriental original ornament ornaments ornate other
out outdoor outdoors outfit outline outlines outside outstretched over overalls overcast overcoat overgrown
overlay oversized owl own ox paint paintbrush painted painter painting pair pajamas palace pale palette palm
palms pan panda panel panels panoramic panties pants panty pantyhose paper parasol park parking part parted
partially party pastel path pattern patterned patterns paw paws peaceful peach peacock pearl pearls pebbles
pelvic pen pencil pendant people person perspective pet petals petite phone photo photograph photography
photorealistic photos piano picnic pics picture pictures piercing piercings pig pigeon pillar pillars pillow
pilot pin pinafore pine pink pirate pistol pixel pizza plaid plain planet plant plants plate platform
platinum playing pleated plump plunging pocket pockets pointing pointy poke politician polka pond pony
ponytail pool poor popsicle porcelain porch portrait pose posed poses posing post poster posture pot potion
potted pouch pout pouting power pregnant pretty priest prince princess print printed professional profile
project promotional prop prosthetic protagonist puddle puffy pulled pullover pumpkin pumps punk pupils
puppet purple purse qipao quality queen questionable quilt rabbit racing radio railing rain rainbow raincoat
raining rainy raised ramen rating raven raw razor reaching reading real realism realistic rear rectangular
red reference reflected reflection reflections reflective reg regularization relaxed relaxing religious
renaissance render rendered rendering resized resolution restaurant retro revealing reverse revolver ribbon
ribbons ribs rice rich ride rider riding rifle rim ring rings ripped river road roaring robe robes robot
robotic rock rocks rococo rod roller romantic roof rooftop room root rope rosary rough round row royal
rubber rubble ruffled ruffles rug ruins rune running rural russian rust rusty sack sad saddle safe sailing
sailor salad sample samples samurai sand sandals sandwich sarong sash satin saturated saw saxophone scale
scales scar scared scarf scars scary scene scenery scenic school schoolgirl science scientist scifi scissors
scope score screen scroll sculpted sculpture scythe sdxl sea seamless seascape season seat seated seductive
seiza selfie semi sensitive sensual serafuku serious serpent set setting seven sexy shade shaded shading
shadow shadows shallow shark sharp shaved sheath sheep sheer sheet shelf shell shelter shelves shield shine
shining shiny ship shirt shirtless shoe shoes shop shopping shore short shorts shot shoulder shoulders
shouting shovel show shower showing shrine shrub shy side sideburns sidelocks sides sidewalk sideways sign
signature silhouette silk silver simple singer singing single sink siren sister sisters sitting six size
skeleton sketch sketched skin skinned skinny skirt skirts sks skull sky skyline skyscraper slavic sleek
sleeping sleepy sleeve sleeved sleeveless sleeves slender slight slightly slim slime slippers slit slouching
small smile smiling smirk smoke smoking smooth smug snake sneakers sniper snow snowflakes snowing snowy soap
soccer sock socks soda sofa soft solar soldier sole soles solid solo space spaceship spaghetti spark sparkle
sparkles sparkling sparks speaker speaking spear spectacles speech speed sphere spider spiked spikes spiky
spiral spirit splash splatter spoken spoon sports spot spotlight spots spread spring squad square squatting
squirrel stable stage stained stair stairs standing star stare staring starry stars station statue stature
steam steampunk steel stern stick sticker still stirrup stitches stocking stockings stomach stone stones
stool storage store storm stormy straight strap strapless strappy straps straw strawberry streamer street
streets streetwear stretched striped stripes stroke strong structure stubble stud student studio style
styled stylish stylized subject suit suitcase summer sun sunbeam sunburst sundress sunflower sunglasses
sunlight sunny sunrise sunset superhero surprised surreal surrounded suspenders sweat sweatdrop sweater
sweatpants sweaty sweet swim swimming swimsuit swimwear swirling sword swords symbol symmetrical symmetry
syringe table tablet tags tail tails tall tan tank tanlines tanned tattoo tattooed tattoos taur tea teacher
teal tear tears technology teddy teen teenage teeth telephone telescope television temple tennis tent
tentacles test text texture textured thailand theme thick thigh thighhighs thighs thin third three throat
throne through throwing thumb tiara tie tied tiger tight tights tile tiles time tinted tiny tired toast toe
toenails toes together toned tongue tool tools tooth top topless torch torn torso touching towel tower town
toy toys track tracksuit traditional train training trait transparent trash tray tree trees trench triangle
tribal trident trigger tropical trousers truck trunk tshirt tube tulip tunic turban turned turquoise turtle
turtleneck tusks twilight twin twins twintails twisted two umbrella unbuttoned uncensored under undercut
underwater underwear undressing unicorn uniform uniforms unnamed unreal untitled up updo upper upscaled
upside urban urn us vampire van vase vast vegetable vegetables vehicle veil vein veins velvet version
vertical very vest view viewer village villain vine vines vintage violet violin virtual visible visor visual
vivid volcano volumetric waist waistcoat waitress walking wall wallpaper walls wand wanted war wardrobe warm
warrior washing waste watch watching water watercolor waterfall watermark wave waves wavy weapon weapons
wearing weathered web website wedding wet wheat wheel wheelchair whip whiskers white wide wig wild wind
window windows windy wine wing winged wings wink winter wire wise witch with without wizard wolf woman women
wood wooden woods wool work worker working world worn worst wounded wrap wrapped wreath wrench wrinkled
wrinkles wrist wristband wristwatch writing x yard year yellow yoga yokozuwari young youthful youtuber
yukata zebra zettai zipper zombie zoom zwx
"""
_PLACES = """
new york los angeles san francisco hong kong las vegas north south america korea africa zealand london paris
tokyo kyoto osaka japan china england france germany italy spain india europe asia united states kingdom
eiffel ghibli disney pixar marvel nintendo sony canon nikon kodak fujifilm leica unreal octane art nouveau
deco blender photoshop
"""
_ROMAJI = """
hakama haori furisode obi geta zori tabi kanzashi bento onigiri sushi takoyaki taiyaki dango mochi torii
tatami shoji futon kotatsu ahoge hime seifuku bunka matsuri hanabi sakura kitsune neko inu usagi tengu oni
yokai youkai shinigami miko senpai kohai sensei ojou gyaru kogal chuunibyou tsundere yandere kuudere
nekomimi kemonomimi
"""
_QUALIFIERS = """
medium artwork meme symbol weapon food animal plant place object objects cosplay style artist creature
clothes clothing colour color flower fruit instrument vehicle sport sports suit cards card film photo hair
eyes ornament company character emphasis alternate male female adult child
"""
_KATAKANA = """
ヘア アイ アイズ ショート ロング ミディアム ボブ カット ブルー レッド ブラック ホワイト グリーン ピンク
ゴールド シルバー スカート ドレス シャツ ブラウス ジャケット コート パーカー セーター ワンピース ジーンズ
パンツ ブーツ シューズ ソックス ストッキング タイツ リボン ネクタイ メガネ サングラス ハット キャップ マスク
ネックレス ピアス イヤリング ポニー テール ツイン サイド スマイル フェイス アップ バック フロント ポーズ
カメラ ライト ライティング スタジオ スタイル アート イラスト アニメ マンガ ゲーム キャラクター カフェ ビーチ
プール ルーム ベッド ソファ テーブル ギター ピアノ メイド ナース スクール ユニフォーム ビキニ ランジェリー
ニット チェック ストライプ ドット フラワー フリル レース レザー デニム ハイ ロー ミニ マキシ オフ ショルダー
クロップド トップス ボトムス
"""
_NOT_PEOPLE = """
お母さん 母さん お父さん 父さん お姉さん 姉さん お兄さん 兄さん お婆さん お爺さん おばさん おじさん
おばあさん おじいさん お嬢さん 奥さん 娘さん 息子さん お子さん 皆さん みなさん みんなさん お客さん 客さん
お医者さん お巡りさん おまわりさん お坊さん お隣さん 赤ちゃん お母ちゃん 姉ちゃん お姉ちゃん 兄ちゃん
お兄ちゃん おばちゃん おじちゃん 坊ちゃん 嬢ちゃん お嬢ちゃん わんちゃん ワンちゃん にゃんちゃん
ニャンちゃん 猫ちゃん ねこちゃん 犬ちゃん うさちゃん くまちゃん ちび ちゃん お客様 客様 皆様 みなさま 王様
神様 殿様 仏様 姫様 お姫様 お嬢様 奥様 旦那様 女王様 王子様 お疲れ様 ご苦労様 お月様 お日様 お星様 何様 貴様
彼氏 某氏 摂氏 華氏 両氏 諸氏 ぬいぐるみさん キグルミさん うさぎさん くまさん ねこさん ぞうさん たくさん
沢山 くさん
"""
_NOT_PEOPLE_ENDINGS = """
屋さん 員さん 師さん 者さん 士さん 手さん 家さん 生さん ドルさん 模様 仕様 同様 多様 異様 一様 有様 紋様
文様 様様 摂氏 華氏
"""
_SURNAMES = """
佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤 齋藤 斉藤
山崎 阿部 池田 橋本 石川 山下 小川 石井 長谷川 後藤 岡田 近藤 前田 藤田 遠藤 青木 坂本 村上 太田 金子 藤井
福田 西村 三浦 竹内 中島 岡本 松田 原田 中野 小野 田村 藤原 中山 石田 上田 森田 小島 柴田 宮崎 酒井 工藤
横山 宮本 内田 高木 安藤 谷口 大野 丸山 今井 高田 菅原 河野 武田 藤本 上野 杉山 千葉 村田 増田 小山 平野
久保 渡部 服部 岩崎 松井 木下 佐野 菊地 菊池 野村 松尾 新井 浜田 市川 古川 水野 桜井 櫻井 北村 清水 本田
島田 大西 大塚 吉川 川口 西田 岩田 森本 矢野 松岡
"""
_NOT_GIVEN = """
県 市 町 村 区 寺 公園 駅 港 山 川 流 神社 学園 高校 大学 城 橋 通り 馬場 屋 店 式 風 色 家 動物園 美術館
"""
_NOT_NAME_KANJI = """
制服 少女 少年 女性 男性 女子 男子 学生 高校生 中学生 小学生 巫女 着物 浴衣 水着 下着 眼鏡 帽子 黒髪 金髪
銀髪 茶髪 赤髪 青髪 白髪 長髪 短髪 碧眼 赤眼 青眼 笑顔 全身 上半身 下半身 顔 背景 風景 空 海 山 花 桜 夜 昼
朝 夕方 屋外 屋内 教室 学校 部屋 猫 犬 鳥 魚 剣 刀 銃 翼 羽 角 尻尾 耳 手 足 口 目 髪 胸 和服 洋服 和風 洋風
写真 絵 油絵 水彩 線画 白黒 高画質 低画質 正面 横顔 後姿 座り 立ち 一人 二人 三人 複数 白 黒 赤 青 緑 黄 紫
茶 灰 銀 金 美少女 美女 人物 東京 京都 大阪 日本 渋谷 新宿 秋葉原
"""

GENERAL = frozenset(f"{_ENGLISH} {_PLACES} {_ROMAJI}".split())
QUALIFIERS = frozenset(_QUALIFIERS.split())
"""Words in brackets after a tag that say what it is, not which work it is from."""
KATAKANA = frozenset(_KATAKANA.split())
NOT_PEOPLE = frozenset(_NOT_PEOPLE.split())
"""Words that end like an honorific and name nobody."""
NOT_PEOPLE_ENDINGS = tuple(_NOT_PEOPLE_ENDINGS.split())
SURNAMES = tuple(_SURNAMES.split())
"""The most frequent family names of two or more characters."""
NOT_GIVEN = tuple(_NOT_GIVEN.split())
"""What a place or a house has after a family name."""
NOT_NAME_KANJI = frozenset(_NOT_NAME_KANJI.split())
