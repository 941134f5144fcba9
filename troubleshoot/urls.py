"""Every page, fragment, API call and embed on one screen, named like its view."""

from django.urls import path

from troubleshoot.views import api, articles, cases, embeds, feedback, guides, pages, status, what_if

urlpatterns = [
    # They are tried in this order: what is asked for most stands first.
    path("guides/<slug:guide_id>/", guides.guide, name="guide"),
    path("kb/<slug:slug>/", articles.article, name="article"),
    path("", pages.front, name="front"),
    path("search/", pages.search, name="search"),
    path("accuracy/", pages.scoreboard, name="scoreboard"),
    path("redaction/", pages.redaction, name="redaction"),
    path("collect.sh", pages.collector, name="collector"),
    path("kb/", articles.article_list, name="article_list"),
    path("kb/<slug:slug>/outcome", feedback.article_outcome, name="article_outcome"),
    path("guides/", guides.guide_list, name="guide_list"),
    path("guides/<slug:guide_id>/map.<str:form>", guides.guide_map, name="guide_map"),
    path("guides/<slug:guide_id>/outcome", feedback.guide_outcome, name="guide_outcome"),
    path("diagnose/", cases.new, name="new_case"),
    path("cases/<str:case_id>/", cases.case, name="case"),
    path("cases/<str:case_id>/report.<str:form>", cases.export, name="case_export"),
    path("cases/<str:case_id>/delete", cases.delete, name="case_delete"),
    path("cases/<str:case_id>/outcome", feedback.case_outcome, name="case_outcome"),
    path("cases/<str:case_id>/compare/", what_if.compare, name="case_compare"),
    path("cases/<str:case_id>/what-if/", what_if.case_what_if, name="case_what_if"),
    path("cases/<str:case_id>/topology-<int:place>.<str:form>", what_if.case_topology, name="case_topology"),
    path("what-if/", what_if.what_if, name="what_if"),
    path("cases/<str:case_id>/texts/<int:position>/", cases.text, name="case_text"),
    path("embed/kb/<slug:slug>/", embeds.embed_article, name="embed_article"),
    path("embed/guides/<slug:guide_id>/", embeds.embed_guide, name="embed_guide"),
    path("embedding/", embeds.embedding, name="embedding"),
    path("oembed", embeds.oembed, name="oembed"),
    path("maintain/", feedback.maintain, name="maintain"),
    path("api/v1/", api.api.urls),
    path("api/<path:path>", api.elsewhere, name="api_elsewhere"),
    path("healthz", status.healthz, name="healthz"),
    path("readyz", status.readyz, name="readyz"),
]
