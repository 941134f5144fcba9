"""What maintainers may look at: cases without their contents, outcomes, and where people leave a guide."""

from django.contrib import admin

from troubleshoot.models import Case, GuideVisit, Outcome

admin.site.site_header = admin.site.site_title = "Unhang"
admin.site.site_url = "/maintain/"


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "status", "step", "failure", "source", "created", "expires", "attempts")
    list_filter = ("status", "source")
    fields = (
        "id",
        "status",
        "step",
        "failure",
        "source",
        "created",
        "expires",
        "attempts",
        "install_method",
        "deleted",
    )
    readonly_fields = fields


@admin.register(Outcome)
class OutcomeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("kind", "cause", "remedy", "article", "platform", "created")
    list_filter = ("kind", "cause")


@admin.register(GuideVisit)
class GuideVisitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("guide", "question", "day", "shown")
