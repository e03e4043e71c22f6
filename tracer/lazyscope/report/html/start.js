// Everything that needs this script is shown, and begins.
all("[data-needs-script]").forEach((element) => (element.hidden = false));
makeTheme();
makeForceTable();
makeTimeline();
makeGraphs();
makeFindings();
makeTabs(byId("tabs"), "Parts of the report");
makeTabs(byId("views"), "Graphs");
addEventListener("hashchange", goToHash);
document.addEventListener("click", followSameHash);
goToHash();
