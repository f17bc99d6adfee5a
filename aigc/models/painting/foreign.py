"""The commonest words for colours, materials and parts in other languages, and words that say nothing of a look."""

from __future__ import annotations

_WORDS = {
    "de": """
        rot=red blau=blue grün=green gelb=yellow schwarz=black weiß=white weiss=white braun=brown grau=grey
        lila=purple rosa=pink türkis=turquoise orange=orange golden=gold silbern=silver kupfer=copper
        holz=wood hölzern=wooden stein=stone ziegel=brick backstein=brick leder=leather metall=metal
        stahl=steel eisen=iron rost=rust rostig=rusty marmor=marble glas=glass stoff=fabric fell=fur
        pelz=fur moos=moss moosig=mossy bemoost=mossy gestreift=striped streifen=stripe gepunktet=spotted
        punkte=spots kariert=checkered dunkel=dark dunkl=dark sitz=seat lehne=backrest hell=light
        glänzend=shiny matt=matte schmutzig=dirty alt=old dach=roof kopf=head beine=legs bein=leg arme=arms
        griff=handle boden=bottom sockel=base gürtel=belt körper=body füße=feet schuhe=shoes hut=hat
        mit=with und=and
    """,
    "fr": """
        rouge=red bleu=blue bleue=blue vert=green verte=green jaune=yellow noir=black noire=black
        blanc=white blanche=white brun=brown marron=brown gris=grey grise=grey violet=purple rose=pink
        doré=gold dorée=gold argenté=silver cuivre=copper bois=wood pierre=stone brique=brick briques=brick
        cuir=leather métal=metal acier=steel fer=iron rouille=rust rouillé=rusty marbre=marble verre=glass
        tissu=fabric fourrure=fur mousse=moss rayé=striped rayée=striped rayures=stripe tacheté=spotted
        carreaux=checkered foncé=dark clair=light brillant=shiny sale=dirty vieux=old vieille=old toit=roof
        siège=seat ardoise=slate tête=head jambes=legs pieds=feet bras=arms anse=handle poignée=handle
        ceinture=belt corps=body chapeau=hat avec=with et=and
    """,
    "es": """
        rojo=red roja=red azul=blue verde=green amarillo=yellow amarilla=yellow negro=black negra=black
        blanco=white blanca=white marrón=brown gris=grey morado=purple morada=purple rosado=pink dorado=gold
        dorada=gold oro=gold plateado=silver plata=silver cobre=copper madera=wood piedra=stone
        ladrillo=brick ladrillos=brick cuero=leather metálico=metal acero=steel hierro=iron óxido=rust
        oxidado=rusty mármol=marble vidrio=glass tela=fabric pelo=fur musgo=moss rayado=striped rayas=stripe
        manchas=spots cuadros=checkered oscuro=dark claro=light brillante=shiny sucio=dirty viejo=old
        vieja=old techo=roof asiento=seat tejado=roof pizarra=slate cabeza=head piernas=legs patas=legs
        pies=feet brazos=arms asa=handle cinturón=belt cuerpo=body sombrero=hat con=with y=and
    """,
    "zh": """
        红=red 蓝=blue 绿=green 黄=yellow 黑=black 白=white 棕=brown 褐=brown 灰=grey
        紫=purple 粉=pink 橙=orange 金色=gold 金=gold 银=silver 铜=copper 木头=wood 木=wood
        石头=stone 石=stone 砖=brick 皮革=leather 金属=metal 钢=steel 铁=iron 生锈=rusty 锈=rust
        大理石=marble 玻璃=glass 布=fabric 毛皮=fur 苔藓=moss 条纹=striped 斑点=spotted
        格子=checkered 深=dark 浅=light 屋顶=roof 座=seat 头=head 腿=legs 脚=feet 手臂=arms
        把手=handle 底座=base 腰带=belt 身体=body 帽子=hat 和=and 带=with
    """,
}
FOREIGN: dict[str, dict[str, str]] = {
    language: dict(pair.split("=") for pair in pairs.split()) for language, pairs in _WORDS.items()
}
"""Language -> word -> English word."""

_NOTHING = """
    a an the its it this that these those his her their very really quite some all over of from in on at by to
    made like is are be being looks look looking painted covered colored coloured color colour colors colours
    style styled texture textured material please make paint give for into as has have each every both part
    parts thing object mesh model print printed pattern patterned finish surface solid plain simple beautiful
    nice detailed realistic high quality ein eine einen einem einer der die das den dem des aus im am ist sind
    un une le la les de du des en à au aux el los las una unos del al es son est sont 一个 一 个 是
"""
ASIDE = frozenset(_NOTHING.split())
"""Words that say nothing of the look."""
