from odoo.tests import TransactionCase, tagged

# The UTBMS code sets: a code, its name, and after "<" the code that it is part of.
LITIGATION = """
L100 Case Assessment, Development and Administration
L110 Fact Investigation/Development < L100
L120 Analysis/Strategy < L100
L130 Experts/Consultants < L100
L140 Document/File Management < L100
L150 Budgeting < L100
L160 Settlement/Non-Binding ADR < L100
L190 Other Case Assessment, Development and Administration < L100
L200 Pre-Trial Pleadings and Motions
L210 Pleadings < L200
L220 Preliminary Injunctions/Provisional Remedies < L200
L230 Court Mandated Conferences < L200
L240 Dispositive Motions < L200
L250 Other Written Motions and Submissions < L200
L260 Class Action Certification and Notice < L200
L300 Discovery
L310 Written Discovery < L300
L320 Document Production < L300
L330 Depositions < L300
L340 Expert Discovery < L300
L350 Discovery Motions < L300
L390 Other Discovery < L300
L400 Trial Preparation and Trial
L410 Fact Witnesses < L400
L420 Expert Witnesses < L400
L430 Written Motions and Submissions < L400
L440 Other Trial Preparation and Support < L400
L450 Trial and Hearing Attendance < L400
L460 Post-Trial Motions and Submissions < L400
L470 Enforcement < L400
L500 Appeal
L510 Appellate Motions and Submissions < L500
L520 Appellate Briefs < L500
L530 Oral Argument < L500
"""
COUNSELING = """
C100 Fact Gathering
C200 Researching Law
C300 Analysis and Advice
C400 Third Party Communication
"""
PROJECT = """
P100 Project Administration
P200 Fact Gathering/Due Diligence
P210 Corporate Review < P200
P220 Tax < P200
P230 Environmental < P200
P240 Real and Personal Property < P200
P250 Employee/Labor < P200
P260 Intellectual Property < P200
P270 Regulatory Reviews < P200
P280 Other < P200
P300 Structure/Strategy/Analysis
P400 Initial Document Preparation/Filing
P500 Negotiation/Revision/Responses
P600 Completion/Closing
P700 Post-Completion/Post-Closing
P800 Maintenance and Renewal
"""
BANKRUPTCY = """
B100 Administration
B110 Case Administration < B100
B120 Asset Analysis and Recovery < B100
B130 Asset Disposition < B100
B140 Relief from Stay/Adequate Protection Proceedings < B100
B150 Meetings of and Communications with Creditors < B100
B160 Fee/Employment Applications < B100
B170 Fee/Employment Objections < B100
B180 Avoidance Action Analysis < B100
B185 Assumption/Rejection of Leases and Contracts < B100
B190 Other Contested Matters < B100
B195 Non-Working Travel < B100
B200 Operations
B210 Business Operations < B200
B220 Employee Benefits/Pensions < B200
B230 Financing/Cash Collections < B200
B240 Tax Issues < B200
B250 Real Estate < B200
B260 Board of Directors Matters < B200
B300 Claims and Plan
B310 Claims Administration and Objections < B300
B320 Plan and Disclosure Statement < B300
B400 Bankruptcy-Related Advice
B410 General Bankruptcy Advice/Opinions < B400
B420 Restructurings < B400
"""
ACTIVITIES = """
A101 Plan and prepare for
A102 Research
A103 Draft/revise
A104 Review/analyze
A105 Communicate (in firm)
A106 Communicate (with client)
A107 Communicate (other outside counsel)
A108 Communicate (other external)
A109 Appear for/attend
A110 Manage data/files
A111 Other
"""
SETS = {
    "utbms_litigation": ("timetrack.deliverable", LITIGATION),
    "utbms_counseling": ("timetrack.deliverable", COUNSELING),
    "utbms_project": ("timetrack.deliverable", PROJECT),
    "utbms_bankruptcy": ("timetrack.deliverable", BANKRUPTCY),
    "utbms_activities": ("timetrack.activity", ACTIVITIES),
}


def parse(text):
    """Tuples of code, name and parent's code (empty: none)."""
    rows = []
    for row in text.strip().splitlines():
        own, _mark, parent = row.partition(" < ")
        code, _space, name = own.partition(" ")
        rows.append((code, name, parent))
    return rows


@tagged("post_install", "-at_install")
class TestCodeSetData(TransactionCase):
    """The sets that come with the addon."""

    def _codes(self, key, model):
        return (
            self.env[model]
            .with_context(active_test=False)
            .search([("code_set_id", "=", self.env.ref(f"client_timetrack.code_set_{key}").id)], order="code")
        )

    def test_utbms_sets_are_complete(self):
        for key, (model, text) in SETS.items():
            with self.subTest(code_set=key):
                found = [(code.code, code.name, code.parent_id.code or "") for code in self._codes(key, model)]
                self.assertEqual(found, parse(text))
                other = {"timetrack.deliverable": "timetrack.activity", "timetrack.activity": "timetrack.deliverable"}
                self.assertFalse(self._codes(key, other[model]))

    def test_a_code_is_shown_as_lawyers_know_it(self):
        code = self.env.ref("client_timetrack.deliverable_utbms_litigation_l110")
        self.assertEqual(code.display_name, "L110 Fact Investigation/Development")

    def test_sets_of_consultants_and_it_firms(self):
        for key in ("consulting", "it_services"):
            with self.subTest(code_set=key):
                activities = self._codes(key, "timetrack.activity")
                deliverables = self._codes(key, "timetrack.deliverable")
                self.assertTrue(activities.parent_id)
                self.assertTrue(deliverables.parent_id)
                self.assertTrue(all(activities.mapped("code") + deliverables.mapped("code")))
                free = activities.filtered(lambda activity: not activity.is_billable)
                self.assertTrue(free)
                self.assertTrue(activities - free)
                for activity in free.child_ids:
                    self.assertFalse(activity.is_billable, f"{activity.display_name} is part of free work")

    def test_sets_wait_until_somebody_uses_them(self):
        """A new database; what a demo firm or a customer uses is theirs to decide."""
        code_set = self.env.ref("client_timetrack.code_set_utbms_bankruptcy")
        if code_set.active:
            self.skipTest("somebody uses this set in this database")
        codes = self._codes("utbms_bankruptcy", "timetrack.deliverable")
        self.assertFalse(any(codes.mapped("active")))
        self.assertNotIn(code_set, self.env["timetrack.code.set"].search([]))
        code_set.action_unarchive()
        self.assertTrue(all(codes.mapped("active")))
