"""The style of the page: light and dark, wide and narrow, on paper. Nothing is fetched."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ground:#fbfbf9;--sheet:#fff;--ink:#1c2430;--soft:#566172;--line:#d9dde3;
--mark:#1f5fa8;--late:#b3261e;--less:#2e7d4f;--band:#f1f4f8}
@media (prefers-color-scheme:dark){:root{--ground:#12161c;--sheet:#1a2029;--ink:#e8ecf2;--soft:#a7b1c0;
--line:#323b48;--mark:#7db4f0;--late:#ff9a8f;--less:#7fd3a2;--band:#222a35}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.25rem}
h1{font-size:1.85rem;line-height:1.2;margin:0 0 .35rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:0 0 .75rem}
h3{font-size:1rem;margin:1.5rem 0 .35rem}
p{margin:.25rem 0}
.scope,.note,footer{color:var(--soft)}
.note{font-size:.87rem;max-width:48rem;margin-bottom:.75rem}
.state{display:inline-block;margin:.6rem 0 0;padding:.2rem .7rem;border:1px solid var(--line);
border-radius:1rem;
background:var(--sheet);font-size:.87rem}
.state.lacking{border-color:var(--late);color:var(--late)}
nav ol{display:flex;flex-wrap:wrap;gap:.15rem 1rem;list-style:none;margin:1rem 0 0;padding:0;font-size:.87rem}
a{color:var(--mark)}
section{background:var(--sheet);border:1px solid var(--line);border-radius:.6rem;padding:1.25rem;
margin:1.25rem 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;margin:0 0 .75rem}
.figures div{border:1px solid var(--line);border-radius:.5rem;padding:.7rem .85rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.2rem;font-weight:600;font-variant-numeric:tabular-nums}
dd small{font-size:.8rem;font-weight:400;color:var(--soft)}
.late dd{color:var(--late)}
svg{display:block;margin:.35rem 0 1rem;overflow:visible}
svg text{font-size:12px;fill:var(--soft)}
svg .figure{fill:var(--ink);font-variant-numeric:tabular-nums}
svg rect{rx:2px}
.read,.plain{fill:var(--mark)}
.inferred{fill:url(#hatch)}
.unknown{fill:none;stroke:var(--mark);stroke-dasharray:3 2}
.more-bar{fill:var(--mark)}.less-bar{fill:var(--less)}
.axis{stroke:var(--line)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;color:var(--soft);margin:0 0 .5rem;
padding:0;
list-style:none}
.legend svg{display:inline-block;margin:0 .35rem 0 0;vertical-align:-1px}
table{border-collapse:collapse;width:100%;font-size:.87rem}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.fixed{white-space:nowrap;overflow-wrap:normal}
.word{overflow-wrap:normal}
th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:600;background:var(--band);overflow-wrap:normal;hyphens:auto}
th[scope=row]{font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
tfoot th,tfoot td{font-weight:700;border-top:2px solid var(--line);border-bottom:0}
.wide{overflow-x:auto}
footer{padding-bottom:2rem;font-size:.85rem}
@media (max-width:40rem){
h1{font-size:1.45rem}main,header,footer{padding-left:.75rem;padding-right:.75rem}section{padding:.9rem .8rem}
.figures{grid-template-columns:1fr 1fr;gap:.5rem}.figures div{padding:.5rem .6rem}dd{font-size:1rem}
dd small{display:block}
table,tbody,tfoot,tr{display:block}thead{position:absolute;left:-9999px}
tbody tr,tfoot tr{border:1px solid var(--line);border-radius:.4rem;margin:0 0 .6rem;padding:.35rem .6rem}
td,tbody th,tfoot th{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.12rem 0;
text-align:right}
tfoot th,tfoot td{border-top:0}
td::before,tbody th::before{content:attr(data-label);font-weight:400;color:var(--soft);text-align:left;
white-space:normal}
td:empty{display:none}
}
@media print{:root{--ground:#fff;--sheet:#fff;--ink:#000;--soft:#333;--line:#999;--mark:#1f5fa8;
--late:#8c1d18;
--less:#1f5c39;--band:#eee;color-scheme:light}
body{font-size:9.5pt}nav{display:none}section{border:0;padding:0;margin:1rem 0}
h2,h3,caption{break-after:avoid}
tr,svg,.figures div{break-inside:avoid}thead{display:table-header-group}a{color:inherit;text-decoration:none}
.wide{overflow:visible}table{font-size:7.5pt}th,td{padding:.2rem .3rem}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{size:A4 landscape;margin:1.2cm}}
"""

HATCH: Final = (
    '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="3" height="6" style="fill:var(--mark)"/></pattern></defs></svg>'
)
