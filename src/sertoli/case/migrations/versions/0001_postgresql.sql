CREATE TABLE audit_entry (
    clinic_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    staff_code VARCHAR(40) NOT NULL,
    reason VARCHAR(500),
    previous_hash VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (clinic_id, sequence)
);

CREATE TABLE clinic (
    id BIGSERIAL NOT NULL,
    version INTEGER NOT NULL,
    code VARCHAR(40) NOT NULL,
    country VARCHAR(80),
    time_zone VARCHAR(60),
    synthetic BOOLEAN NOT NULL,
    testosterone_limit_nmol_per_l DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT uq_clinic__code UNIQUE (code),
    CONSTRAINT ck_clinic__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT ck_clinic__country CHECK (country IS NULL OR (length(trim(country)) >= 1 AND length(country) <= 80)),
    CONSTRAINT ck_clinic__time_zone CHECK (time_zone IS NULL OR (length(trim(time_zone)) >= 1 AND length(time_zone) <= 60)),
    CONSTRAINT ck_clinic__synthetic CHECK (synthetic IS NULL OR (synthetic IN (false, true))),
    CONSTRAINT ck_clinic__testosterone_limit_nmol_per_l CHECK (testosterone_limit_nmol_per_l IS NULL OR (testosterone_limit_nmol_per_l >= 1 AND testosterone_limit_nmol_per_l <= 30)),
    CONSTRAINT ck_clinic__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_clinic__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT ck_clinic__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_clinic__version CHECK (version >= 1)
);

CREATE TABLE audit_change (
    clinic_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    number INTEGER NOT NULL,
    entity VARCHAR(40) NOT NULL,
    row_id BIGINT NOT NULL,
    action VARCHAR(10) NOT NULL,
    content_hash VARCHAR(64) NOT NULL,
    salt VARCHAR(32),
    content TEXT,
    PRIMARY KEY (clinic_id, sequence, number),
    CONSTRAINT fk_audit_change__sequence FOREIGN KEY(clinic_id, sequence) REFERENCES audit_entry (clinic_id, sequence)
);

CREATE INDEX ix_audit_change__row ON audit_change (clinic_id, entity, row_id, sequence);

CREATE TABLE erasure (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    entity VARCHAR(40) NOT NULL,
    row_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_erasure__row_id UNIQUE (clinic_id, entity, row_id),
    CONSTRAINT fk_erasure__sequence FOREIGN KEY(clinic_id, sequence) REFERENCES audit_entry (clinic_id, sequence) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE patient (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    code VARCHAR(40) NOT NULL,
    birth_year INTEGER,
    referred_on DATE,
    wants_sperm BOOLEAN,
    height_cm DOUBLE PRECISION,
    weight_kg DOUBLE PRECISION,
    duration_of_infertility_years DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT ck_patient__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%' AND (code LIKE '%%0%%' OR code LIKE '%%1%%' OR code LIKE '%%2%%' OR code LIKE '%%3%%' OR code LIKE '%%4%%' OR code LIKE '%%5%%' OR code LIKE '%%6%%' OR code LIKE '%%7%%' OR code LIKE '%%8%%' OR code LIKE '%%9%%'))),
    CONSTRAINT uq_patient__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_patient__birth_year CHECK (birth_year IS NULL OR (birth_year >= 1900 AND birth_year <= 2100 AND CAST(birth_year AS INTEGER) = birth_year)),
    CONSTRAINT ck_patient__referred_on CHECK (referred_on IS NULL OR (referred_on >= '1900-01-01' AND referred_on < '2200-01-01' AND date(referred_on) IS NOT NULL)),
    CONSTRAINT ck_patient__wants_sperm CHECK (wants_sperm IS NULL OR (wants_sperm IN (false, true))),
    CONSTRAINT ck_patient__height_cm CHECK (height_cm IS NULL OR (height_cm >= 100 AND height_cm <= 250)),
    CONSTRAINT ck_patient__weight_kg CHECK (weight_kg IS NULL OR (weight_kg >= 30 AND weight_kg <= 350)),
    CONSTRAINT ck_patient__duration_of_infertility_years CHECK (duration_of_infertility_years IS NULL OR (duration_of_infertility_years >= 0 AND duration_of_infertility_years <= 40)),
    CONSTRAINT ck_patient__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_patient__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_patient__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_patient__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_patient__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_patient__version CHECK (version >= 1)
);

CREATE TABLE staff (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    code VARCHAR(40) NOT NULL,
    role VARCHAR(40) NOT NULL,
    reads_all_clinics BOOLEAN NOT NULL,
    active_from DATE,
    active_until DATE,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT ck_staff__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%' AND (code LIKE '%%0%%' OR code LIKE '%%1%%' OR code LIKE '%%2%%' OR code LIKE '%%3%%' OR code LIKE '%%4%%' OR code LIKE '%%5%%' OR code LIKE '%%6%%' OR code LIKE '%%7%%' OR code LIKE '%%8%%' OR code LIKE '%%9%%'))),
    CONSTRAINT uq_staff__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_staff__role CHECK (role IS NULL OR (role IN ('surgeon', 'embryologist', 'andrologist', 'nurse', 'director', 'technician'))),
    CONSTRAINT ck_staff__reads_all_clinics CHECK (reads_all_clinics IS NULL OR (reads_all_clinics IN (false, true))),
    CONSTRAINT ck_staff__active_from CHECK (active_from IS NULL OR (active_from >= '1900-01-01' AND active_from < '2200-01-01' AND date(active_from) IS NOT NULL)),
    CONSTRAINT ck_staff__active_until CHECK (active_until IS NULL OR (active_until >= '1900-01-01' AND active_until < '2200-01-01' AND date(active_until) IS NOT NULL)),
    CONSTRAINT ck_staff__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_staff__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_staff__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_staff__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_staff__active_until__after_active_from CHECK (active_from <= active_until),
    CONSTRAINT ck_staff__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_staff__version CHECK (version >= 1)
);

CREATE TABLE tank (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    code VARCHAR(40) NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT ck_tank__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_tank__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_tank__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_tank__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_tank__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_tank__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_tank__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_tank__version CHECK (version >= 1)
);

CREATE TABLE canister (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    tank_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_canister__tank_id FOREIGN KEY(clinic_id, tank_id) REFERENCES tank (clinic_id, id),
    CONSTRAINT ck_canister__number CHECK (number IS NULL OR (number >= 1 AND number <= 1000 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_canister__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_canister__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_canister__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_canister__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_canister__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_canister__version CHECK (version >= 1)
);

CREATE INDEX ix_canister_tank_id ON canister (tank_id);

CREATE UNIQUE INDEX uq_canister__number ON canister (clinic_id, tank_id, number) WHERE voided_at IS NULL;

CREATE TABLE decision (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    decided_on DATE NOT NULL,
    decided_by_id BIGINT,
    option VARCHAR(40) NOT NULL,
    reason VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_decision__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_decision__decided_on CHECK (decided_on IS NULL OR (decided_on >= '1900-01-01' AND decided_on < '2200-01-01' AND date(decided_on) IS NOT NULL)),
    CONSTRAINT fk_decision__decided_by_id FOREIGN KEY(clinic_id, decided_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_decision__option CHECK (option IS NULL OR (option IN ('micro_tese', 'conventional_tese', 'tesa', 'fna_map', 'mesa', 'pesa', 'hormone_treatment', 'further_tests', 'donor_sperm', 'no_treatment'))),
    CONSTRAINT ck_decision__reason CHECK (reason IS NULL OR (length(trim(reason)) >= 1 AND length(reason) <= 500)),
    CONSTRAINT ck_decision__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_decision__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_decision__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_decision__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_decision__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_decision__version CHECK (version >= 1)
);

CREATE INDEX ix_decision_decided_by_id ON decision (decided_by_id);

CREATE INDEX ix_decision_patient_id ON decision (patient_id);

CREATE TABLE diagnosis (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    made_on DATE NOT NULL,
    made_by_id BIGINT,
    kind VARCHAR(40) NOT NULL,
    cause VARCHAR(40),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_diagnosis__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_diagnosis__made_on CHECK (made_on IS NULL OR (made_on >= '1900-01-01' AND made_on < '2200-01-01' AND date(made_on) IS NOT NULL)),
    CONSTRAINT fk_diagnosis__made_by_id FOREIGN KEY(clinic_id, made_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_diagnosis__kind CHECK (kind IS NULL OR (kind IN ('obstructive', 'non_obstructive', 'hypogonadotropic', 'retrograde', 'exogenous_hormones', 'cryptozoospermia', 'indeterminate'))),
    CONSTRAINT ck_diagnosis__cause CHECK (cause IS NULL OR (cause IN ('klinefelter', 'azfa', 'azfb', 'azfc', 'cryptorchidism', 'chemotherapy', 'mumps_orchitis', 'vasectomy', 'absent_vas', 'infection', 'pituitary', 'idiopathic', 'other'))),
    CONSTRAINT ck_diagnosis__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_diagnosis__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_diagnosis__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_diagnosis__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_diagnosis__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_diagnosis__version CHECK (version >= 1)
);

CREATE INDEX ix_diagnosis_made_by_id ON diagnosis (made_by_id);

CREATE INDEX ix_diagnosis_patient_id ON diagnosis (patient_id);

CREATE TABLE exposure (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    agent VARCHAR(40) NOT NULL,
    started_on DATE,
    ended_on DATE,
    ongoing BOOLEAN,
    detail VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_exposure__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_exposure__agent CHECK (agent IS NULL OR (agent IN ('testosterone', 'anabolic_steroid', 'opioid', 'chemotherapy', 'radiotherapy', 'gonadotropin', 'aromatase_inhibitor', 'antioestrogen', 'other'))),
    CONSTRAINT ck_exposure__started_on CHECK (started_on IS NULL OR (started_on >= '1900-01-01' AND started_on < '2200-01-01' AND date(started_on) IS NOT NULL)),
    CONSTRAINT ck_exposure__ended_on CHECK (ended_on IS NULL OR (ended_on >= '1900-01-01' AND ended_on < '2200-01-01' AND date(ended_on) IS NOT NULL)),
    CONSTRAINT ck_exposure__ongoing CHECK (ongoing IS NULL OR (ongoing IN (false, true))),
    CONSTRAINT ck_exposure__detail CHECK (detail IS NULL OR (length(trim(detail)) >= 1 AND length(detail) <= 500)),
    CONSTRAINT ck_exposure__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_exposure__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_exposure__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_exposure__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_exposure__ended_on__after_started_on CHECK (started_on <= ended_on),
    CONSTRAINT ck_exposure__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_exposure__version CHECK (version >= 1)
);

CREATE INDEX ix_exposure_patient_id ON exposure (patient_id);

CREATE TABLE history_item (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    condition VARCHAR(40) NOT NULL,
    side VARCHAR(40),
    year INTEGER,
    detail VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_history_item__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_history_item__condition CHECK (condition IS NULL OR (condition IN ('cryptorchidism', 'mumps_orchitis', 'infection', 'torsion', 'trauma', 'varicocele', 'vasectomy', 'hernia_repair', 'testis_tumour', 'pituitary_surgery', 'pituitary_disease', 'anosmia', 'previous_retrieval', 'other'))),
    CONSTRAINT ck_history_item__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_history_item__year CHECK (year IS NULL OR (year >= 1900 AND year <= 2100 AND CAST(year AS INTEGER) = year)),
    CONSTRAINT ck_history_item__detail CHECK (detail IS NULL OR (length(trim(detail)) >= 1 AND length(detail) <= 500)),
    CONSTRAINT ck_history_item__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_history_item__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_history_item__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_history_item__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_history_item__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_history_item__version CHECK (version >= 1)
);

CREATE INDEX ix_history_item_patient_id ON history_item (patient_id);

CREATE TABLE hormone_panel (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    sampled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    morning BOOLEAN,
    testosterone_nmol_per_l DOUBLE PRECISION,
    fsh_iu_per_l DOUBLE PRECISION,
    lh_iu_per_l DOUBLE PRECISION,
    prolactin_miu_per_l DOUBLE PRECISION,
    oestradiol_pmol_per_l DOUBLE PRECISION,
    inhibin_b_ng_per_l DOUBLE PRECISION,
    shbg_nmol_per_l DOUBLE PRECISION,
    on_testosterone BOOLEAN,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_hormone_panel__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_hormone_panel__sampled_at CHECK (sampled_at IS NULL OR (sampled_at >= '1900-01-01' AND sampled_at < '2200-01-01' AND date(sampled_at) IS NOT NULL)),
    CONSTRAINT ck_hormone_panel__morning CHECK (morning IS NULL OR (morning IN (false, true))),
    CONSTRAINT ck_hormone_panel__testosterone_nmol_per_l CHECK (testosterone_nmol_per_l IS NULL OR (testosterone_nmol_per_l >= 0 AND testosterone_nmol_per_l <= 150)),
    CONSTRAINT ck_hormone_panel__fsh_iu_per_l CHECK (fsh_iu_per_l IS NULL OR (fsh_iu_per_l >= 0 AND fsh_iu_per_l <= 300)),
    CONSTRAINT ck_hormone_panel__lh_iu_per_l CHECK (lh_iu_per_l IS NULL OR (lh_iu_per_l >= 0 AND lh_iu_per_l <= 300)),
    CONSTRAINT ck_hormone_panel__prolactin_miu_per_l CHECK (prolactin_miu_per_l IS NULL OR (prolactin_miu_per_l >= 0 AND prolactin_miu_per_l <= 500000)),
    CONSTRAINT ck_hormone_panel__oestradiol_pmol_per_l CHECK (oestradiol_pmol_per_l IS NULL OR (oestradiol_pmol_per_l >= 0 AND oestradiol_pmol_per_l <= 20000)),
    CONSTRAINT ck_hormone_panel__inhibin_b_ng_per_l CHECK (inhibin_b_ng_per_l IS NULL OR (inhibin_b_ng_per_l >= 0 AND inhibin_b_ng_per_l <= 2000)),
    CONSTRAINT ck_hormone_panel__shbg_nmol_per_l CHECK (shbg_nmol_per_l IS NULL OR (shbg_nmol_per_l >= 0 AND shbg_nmol_per_l <= 500)),
    CONSTRAINT ck_hormone_panel__on_testosterone CHECK (on_testosterone IS NULL OR (on_testosterone IN (false, true))),
    CONSTRAINT ck_hormone_panel__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_hormone_panel__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_hormone_panel__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_hormone_panel__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_hormone_panel__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_hormone_panel__version CHECK (version >= 1)
);

CREATE INDEX ix_hormone_panel_patient_id ON hormone_panel (patient_id);

CREATE TABLE partner (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    birth_year INTEGER,
    amh_pmol_per_l DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_partner__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_partner__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%' AND (code LIKE '%%0%%' OR code LIKE '%%1%%' OR code LIKE '%%2%%' OR code LIKE '%%3%%' OR code LIKE '%%4%%' OR code LIKE '%%5%%' OR code LIKE '%%6%%' OR code LIKE '%%7%%' OR code LIKE '%%8%%' OR code LIKE '%%9%%'))),
    CONSTRAINT uq_partner__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_partner__birth_year CHECK (birth_year IS NULL OR (birth_year >= 1900 AND birth_year <= 2100 AND CAST(birth_year AS INTEGER) = birth_year)),
    CONSTRAINT ck_partner__amh_pmol_per_l CHECK (amh_pmol_per_l IS NULL OR (amh_pmol_per_l >= 0 AND amh_pmol_per_l <= 500)),
    CONSTRAINT ck_partner__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_partner__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_partner__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_partner__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_partner__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_partner__version CHECK (version >= 1)
);

CREATE INDEX ix_partner_patient_id ON partner (patient_id);

CREATE TABLE post_ejaculatory_urine (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    sampled_on DATE NOT NULL,
    sperm_seen BOOLEAN NOT NULL,
    sperm_million DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_post_ejaculatory_urine__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_post_ejaculatory_urine__sampled_on CHECK (sampled_on IS NULL OR (sampled_on >= '1900-01-01' AND sampled_on < '2200-01-01' AND date(sampled_on) IS NOT NULL)),
    CONSTRAINT ck_post_ejaculatory_urine__sperm_seen CHECK (sperm_seen IS NULL OR (sperm_seen IN (false, true))),
    CONSTRAINT ck_post_ejaculatory_urine__sperm_million CHECK (sperm_million IS NULL OR (sperm_million >= 0 AND sperm_million <= 10000)),
    CONSTRAINT ck_post_ejaculatory_urine__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_post_ejaculatory_urine__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_post_ejaculatory_urine__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_post_ejaculatory_urine__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_post_ejaculatory_urine__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_post_ejaculatory_urine__version CHECK (version >= 1)
);

CREATE INDEX ix_post_ejaculatory_urine_patient_id ON post_ejaculatory_urine (patient_id);

CREATE TABLE procedure (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    kind VARCHAR(40) NOT NULL,
    surgeon_id BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    anaesthesia VARCHAR(80),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_procedure__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_procedure__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_procedure__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_procedure__kind CHECK (kind IS NULL OR (kind IN ('micro_tese', 'conventional_tese', 'tesa', 'fna_map', 'mesa', 'pesa'))),
    CONSTRAINT fk_procedure__surgeon_id FOREIGN KEY(clinic_id, surgeon_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_procedure__started_at CHECK (started_at IS NULL OR (started_at >= '1900-01-01' AND started_at < '2200-01-01' AND date(started_at) IS NOT NULL)),
    CONSTRAINT ck_procedure__ended_at CHECK (ended_at IS NULL OR (ended_at >= '1900-01-01' AND ended_at < '2200-01-01' AND date(ended_at) IS NOT NULL)),
    CONSTRAINT ck_procedure__anaesthesia CHECK (anaesthesia IS NULL OR (length(trim(anaesthesia)) >= 1 AND length(anaesthesia) <= 80)),
    CONSTRAINT ck_procedure__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_procedure__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_procedure__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_procedure__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_procedure__ended_at__after_started_at CHECK (started_at <= ended_at),
    CONSTRAINT ck_procedure__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_procedure__version CHECK (version >= 1)
);

CREATE INDEX ix_procedure_patient_id ON procedure (patient_id);

CREATE INDEX ix_procedure_surgeon_id ON procedure (surgeon_id);

CREATE TABLE semen_analysis (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    sampled_on DATE NOT NULL,
    abstinence_days DOUBLE PRECISION,
    volume_ml DOUBLE PRECISION,
    ph DOUBLE PRECISION,
    concentration_million_per_ml DOUBLE PRECISION,
    motility_percent DOUBLE PRECISION,
    progressive_percent DOUBLE PRECISION,
    normal_forms_percent DOUBLE PRECISION,
    vitality_percent DOUBLE PRECISION,
    pellet VARCHAR(40) NOT NULL,
    pellet_sperm INTEGER,
    fructose_umol DOUBLE PRECISION,
    alpha_glucosidase_mu DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_semen_analysis__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_semen_analysis__sampled_on CHECK (sampled_on IS NULL OR (sampled_on >= '1900-01-01' AND sampled_on < '2200-01-01' AND date(sampled_on) IS NOT NULL)),
    CONSTRAINT ck_semen_analysis__abstinence_days CHECK (abstinence_days IS NULL OR (abstinence_days >= 0 AND abstinence_days <= 365)),
    CONSTRAINT ck_semen_analysis__volume_ml CHECK (volume_ml IS NULL OR (volume_ml >= 0 AND volume_ml <= 20)),
    CONSTRAINT ck_semen_analysis__ph CHECK (ph IS NULL OR (ph >= 4 AND ph <= 10)),
    CONSTRAINT ck_semen_analysis__concentration_million_per_ml CHECK (concentration_million_per_ml IS NULL OR (concentration_million_per_ml >= 0 AND concentration_million_per_ml <= 1000)),
    CONSTRAINT ck_semen_analysis__motility_percent CHECK (motility_percent IS NULL OR (motility_percent >= 0 AND motility_percent <= 100)),
    CONSTRAINT ck_semen_analysis__progressive_percent CHECK (progressive_percent IS NULL OR (progressive_percent >= 0 AND progressive_percent <= 100)),
    CONSTRAINT ck_semen_analysis__normal_forms_percent CHECK (normal_forms_percent IS NULL OR (normal_forms_percent >= 0 AND normal_forms_percent <= 100)),
    CONSTRAINT ck_semen_analysis__vitality_percent CHECK (vitality_percent IS NULL OR (vitality_percent >= 0 AND vitality_percent <= 100)),
    CONSTRAINT ck_semen_analysis__pellet CHECK (pellet IS NULL OR (pellet IN ('not_examined', 'no_sperm', 'sperm'))),
    CONSTRAINT ck_semen_analysis__pellet_sperm CHECK (pellet_sperm IS NULL OR (pellet_sperm >= 0 AND pellet_sperm <= 1000000 AND CAST(pellet_sperm AS INTEGER) = pellet_sperm)),
    CONSTRAINT ck_semen_analysis__fructose_umol CHECK (fructose_umol IS NULL OR (fructose_umol >= 0 AND fructose_umol <= 1000)),
    CONSTRAINT ck_semen_analysis__alpha_glucosidase_mu CHECK (alpha_glucosidase_mu IS NULL OR (alpha_glucosidase_mu >= 0 AND alpha_glucosidase_mu <= 1000)),
    CONSTRAINT ck_semen_analysis__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_semen_analysis__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_semen_analysis__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_semen_analysis__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_semen_analysis__motility_percent__after_progressive_percent CHECK (progressive_percent <= motility_percent),
    CONSTRAINT ck_semen_analysis__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_semen_analysis__version CHECK (version >= 1)
);

CREATE INDEX ix_semen_analysis_patient_id ON semen_analysis (patient_id);

CREATE TABLE testis_exam (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    examined_on DATE NOT NULL,
    side VARCHAR(40) NOT NULL,
    method VARCHAR(40),
    volume_ml DOUBLE PRECISION,
    length_mm DOUBLE PRECISION,
    width_mm DOUBLE PRECISION,
    height_mm DOUBLE PRECISION,
    vas VARCHAR(40),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_testis_exam__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT ck_testis_exam__examined_on CHECK (examined_on IS NULL OR (examined_on >= '1900-01-01' AND examined_on < '2200-01-01' AND date(examined_on) IS NOT NULL)),
    CONSTRAINT ck_testis_exam__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_testis_exam__method CHECK (method IS NULL OR (method IN ('orchidometer', 'ultrasound'))),
    CONSTRAINT ck_testis_exam__volume_ml CHECK (volume_ml IS NULL OR (volume_ml >= 0 AND volume_ml <= 60)),
    CONSTRAINT ck_testis_exam__length_mm CHECK (length_mm IS NULL OR (length_mm >= 0 AND length_mm <= 100)),
    CONSTRAINT ck_testis_exam__width_mm CHECK (width_mm IS NULL OR (width_mm >= 0 AND width_mm <= 70)),
    CONSTRAINT ck_testis_exam__height_mm CHECK (height_mm IS NULL OR (height_mm >= 0 AND height_mm <= 70)),
    CONSTRAINT ck_testis_exam__vas CHECK (vas IS NULL OR (vas IN ('present', 'absent', 'uncertain'))),
    CONSTRAINT ck_testis_exam__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_testis_exam__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_testis_exam__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_testis_exam__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_testis_exam__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_testis_exam__version CHECK (version >= 1)
);

CREATE INDEX ix_testis_exam_patient_id ON testis_exam (patient_id);

CREATE TABLE cane (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    canister_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_cane__canister_id FOREIGN KEY(clinic_id, canister_id) REFERENCES canister (clinic_id, id),
    CONSTRAINT ck_cane__number CHECK (number IS NULL OR (number >= 1 AND number <= 1000 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_cane__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_cane__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_cane__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_cane__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_cane__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_cane__version CHECK (version >= 1)
);

CREATE INDEX ix_cane_canister_id ON cane (canister_id);

CREATE UNIQUE INDEX uq_cane__number ON cane (clinic_id, canister_id, number) WHERE voided_at IS NULL;

CREATE TABLE complication (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    procedure_id BIGINT NOT NULL,
    noted_on DATE NOT NULL,
    kind VARCHAR(40) NOT NULL,
    grade VARCHAR(40) NOT NULL,
    side VARCHAR(40),
    detail VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_complication__procedure_id FOREIGN KEY(clinic_id, procedure_id) REFERENCES procedure (clinic_id, id),
    CONSTRAINT ck_complication__noted_on CHECK (noted_on IS NULL OR (noted_on >= '1900-01-01' AND noted_on < '2200-01-01' AND date(noted_on) IS NOT NULL)),
    CONSTRAINT ck_complication__kind CHECK (kind IS NULL OR (kind IN ('haematoma', 'infection', 'wound', 'pain', 'hydrocele', 'atrophy', 'anaesthesia', 'thrombosis', 'other'))),
    CONSTRAINT ck_complication__grade CHECK (grade IS NULL OR (grade IN ('1', '2', '3a', '3b', '4a', '4b', '5'))),
    CONSTRAINT ck_complication__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_complication__detail CHECK (detail IS NULL OR (length(trim(detail)) >= 1 AND length(detail) <= 500)),
    CONSTRAINT ck_complication__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_complication__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_complication__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_complication__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_complication__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_complication__version CHECK (version >= 1)
);

CREATE INDEX ix_complication_procedure_id ON complication (procedure_id);

CREATE TABLE consent (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    partner_id BIGINT,
    purpose VARCHAR(40) NOT NULL,
    given_on DATE NOT NULL,
    valid_until DATE,
    withdrawn_on DATE,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_consent__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_consent__partner_id FOREIGN KEY(clinic_id, partner_id) REFERENCES partner (clinic_id, id),
    CONSTRAINT ck_consent__purpose CHECK (purpose IS NULL OR (purpose IN ('treatment', 'storage', 'use_of_stored_sperm', 'research', 'data_sharing'))),
    CONSTRAINT ck_consent__given_on CHECK (given_on IS NULL OR (given_on >= '1900-01-01' AND given_on < '2200-01-01' AND date(given_on) IS NOT NULL)),
    CONSTRAINT ck_consent__valid_until CHECK (valid_until IS NULL OR (valid_until >= '1900-01-01' AND valid_until < '2200-01-01' AND date(valid_until) IS NOT NULL)),
    CONSTRAINT ck_consent__withdrawn_on CHECK (withdrawn_on IS NULL OR (withdrawn_on >= '1900-01-01' AND withdrawn_on < '2200-01-01' AND date(withdrawn_on) IS NOT NULL)),
    CONSTRAINT ck_consent__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_consent__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_consent__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_consent__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_consent__withdrawn_on__after_given_on CHECK (given_on <= withdrawn_on),
    CONSTRAINT ck_consent__valid_until__after_given_on CHECK (given_on <= valid_until),
    CONSTRAINT ck_consent__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_consent__version CHECK (version >= 1)
);

CREATE INDEX ix_consent_partner_id ON consent (partner_id);

CREATE INDEX ix_consent_patient_id ON consent (patient_id);

CREATE TABLE cycle (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    partner_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    started_on DATE NOT NULL,
    sperm_source VARCHAR(40) NOT NULL,
    cancelled_on DATE,
    cancelled_why VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_cycle__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_cycle__partner_id FOREIGN KEY(clinic_id, partner_id) REFERENCES partner (clinic_id, id),
    CONSTRAINT ck_cycle__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_cycle__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_cycle__started_on CHECK (started_on IS NULL OR (started_on >= '1900-01-01' AND started_on < '2200-01-01' AND date(started_on) IS NOT NULL)),
    CONSTRAINT ck_cycle__sperm_source CHECK (sperm_source IS NULL OR (sperm_source IN ('fresh_testicular', 'frozen_testicular', 'fresh_epididymal', 'frozen_epididymal', 'ejaculated', 'donor'))),
    CONSTRAINT ck_cycle__cancelled_on CHECK (cancelled_on IS NULL OR (cancelled_on >= '1900-01-01' AND cancelled_on < '2200-01-01' AND date(cancelled_on) IS NOT NULL)),
    CONSTRAINT ck_cycle__cancelled_why CHECK (cancelled_why IS NULL OR (length(trim(cancelled_why)) >= 1 AND length(cancelled_why) <= 500)),
    CONSTRAINT ck_cycle__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_cycle__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_cycle__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_cycle__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_cycle__cancelled_on__after_started_on CHECK (started_on <= cancelled_on),
    CONSTRAINT ck_cycle__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_cycle__version CHECK (version >= 1)
);

CREATE INDEX ix_cycle_partner_id ON cycle (partner_id);

CREATE INDEX ix_cycle_patient_id ON cycle (patient_id);

CREATE TABLE follow_up_visit (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    procedure_id BIGINT,
    due_on DATE,
    visited_on DATE,
    symptoms BOOLEAN,
    testosterone_replacement BOOLEAN,
    detail VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_follow_up_visit__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_follow_up_visit__procedure_id FOREIGN KEY(clinic_id, procedure_id) REFERENCES procedure (clinic_id, id),
    CONSTRAINT ck_follow_up_visit__due_on CHECK (due_on IS NULL OR (due_on >= '1900-01-01' AND due_on < '2200-01-01' AND date(due_on) IS NOT NULL)),
    CONSTRAINT ck_follow_up_visit__visited_on CHECK (visited_on IS NULL OR (visited_on >= '1900-01-01' AND visited_on < '2200-01-01' AND date(visited_on) IS NOT NULL)),
    CONSTRAINT ck_follow_up_visit__symptoms CHECK (symptoms IS NULL OR (symptoms IN (false, true))),
    CONSTRAINT ck_follow_up_visit__testosterone_replacement CHECK (testosterone_replacement IS NULL OR (testosterone_replacement IN (false, true))),
    CONSTRAINT ck_follow_up_visit__detail CHECK (detail IS NULL OR (length(trim(detail)) >= 1 AND length(detail) <= 500)),
    CONSTRAINT ck_follow_up_visit__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_follow_up_visit__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_follow_up_visit__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_follow_up_visit__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_follow_up_visit__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_follow_up_visit__version CHECK (version >= 1)
);

CREATE INDEX ix_follow_up_visit_patient_id ON follow_up_visit (patient_id);

CREATE INDEX ix_follow_up_visit_procedure_id ON follow_up_visit (procedure_id);

CREATE TABLE genetic_test (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    partner_id BIGINT,
    tested_on DATE NOT NULL,
    karyotype VARCHAR(40),
    karyotype_formula VARCHAR(80),
    azfa VARCHAR(40),
    azfb VARCHAR(40),
    azfc VARCHAR(40),
    cftr VARCHAR(40),
    cftr_variants VARCHAR(200),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_genetic_test__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_genetic_test__partner_id FOREIGN KEY(clinic_id, partner_id) REFERENCES partner (clinic_id, id),
    CONSTRAINT ck_genetic_test__tested_on CHECK (tested_on IS NULL OR (tested_on >= '1900-01-01' AND tested_on < '2200-01-01' AND date(tested_on) IS NOT NULL)),
    CONSTRAINT ck_genetic_test__karyotype CHECK (karyotype IS NULL OR (karyotype IN ('normal', 'klinefelter', 'klinefelter_mosaic', 'xx_male', 'translocation', 'other'))),
    CONSTRAINT ck_genetic_test__karyotype_formula CHECK (karyotype_formula IS NULL OR (length(trim(karyotype_formula)) >= 1 AND length(karyotype_formula) <= 80)),
    CONSTRAINT ck_genetic_test__azfa CHECK (azfa IS NULL OR (azfa IN ('intact', 'partial', 'complete'))),
    CONSTRAINT ck_genetic_test__azfb CHECK (azfb IS NULL OR (azfb IN ('intact', 'partial', 'complete'))),
    CONSTRAINT ck_genetic_test__azfc CHECK (azfc IS NULL OR (azfc IN ('intact', 'partial', 'complete'))),
    CONSTRAINT ck_genetic_test__cftr CHECK (cftr IS NULL OR (cftr IN ('no_variant', 'one_variant', 'two_variants'))),
    CONSTRAINT ck_genetic_test__cftr_variants CHECK (cftr_variants IS NULL OR (length(trim(cftr_variants)) >= 1 AND length(cftr_variants) <= 200)),
    CONSTRAINT ck_genetic_test__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_genetic_test__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_genetic_test__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_genetic_test__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_genetic_test__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_genetic_test__version CHECK (version >= 1)
);

CREATE INDEX ix_genetic_test_partner_id ON genetic_test (partner_id);

CREATE INDEX ix_genetic_test_patient_id ON genetic_test (patient_id);

CREATE TABLE procedure_side (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    procedure_id BIGINT NOT NULL,
    side VARCHAR(40) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    magnification DOUBLE PRECISION,
    needle_passes INTEGER,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_procedure_side__procedure_id FOREIGN KEY(clinic_id, procedure_id) REFERENCES procedure (clinic_id, id),
    CONSTRAINT ck_procedure_side__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_procedure_side__started_at CHECK (started_at IS NULL OR (started_at >= '1900-01-01' AND started_at < '2200-01-01' AND date(started_at) IS NOT NULL)),
    CONSTRAINT ck_procedure_side__ended_at CHECK (ended_at IS NULL OR (ended_at >= '1900-01-01' AND ended_at < '2200-01-01' AND date(ended_at) IS NOT NULL)),
    CONSTRAINT ck_procedure_side__magnification CHECK (magnification IS NULL OR (magnification >= 1 AND magnification <= 60)),
    CONSTRAINT ck_procedure_side__needle_passes CHECK (needle_passes IS NULL OR (needle_passes >= 0 AND needle_passes <= 200 AND CAST(needle_passes AS INTEGER) = needle_passes)),
    CONSTRAINT ck_procedure_side__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_procedure_side__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_procedure_side__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_procedure_side__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_procedure_side__ended_at__after_started_at CHECK (started_at <= ended_at),
    CONSTRAINT ck_procedure_side__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_procedure_side__version CHECK (version >= 1)
);

CREATE INDEX ix_procedure_side_procedure_id ON procedure_side (procedure_id);

CREATE UNIQUE INDEX uq_procedure_side__side ON procedure_side (clinic_id, procedure_id, side) WHERE voided_at IS NULL;

CREATE TABLE specimen (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    procedure_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    kind VARCHAR(40) NOT NULL,
    side VARCHAR(40),
    taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    mass_mg DOUBLE PRECISION,
    recording_id VARCHAR(200),
    frame INTEGER,
    tubule_id INTEGER,
    x_px DOUBLE PRECISION,
    y_px DOUBLE PRECISION,
    clock_position DOUBLE PRECISION,
    depth_mm DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_specimen__procedure_id FOREIGN KEY(clinic_id, procedure_id) REFERENCES procedure (clinic_id, id),
    CONSTRAINT ck_specimen__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_specimen__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_specimen__kind CHECK (kind IS NULL OR (kind IN ('tissue', 'aspirate', 'pool'))),
    CONSTRAINT ck_specimen__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_specimen__taken_at CHECK (taken_at IS NULL OR (taken_at >= '1900-01-01' AND taken_at < '2200-01-01' AND date(taken_at) IS NOT NULL)),
    CONSTRAINT ck_specimen__mass_mg CHECK (mass_mg IS NULL OR (mass_mg >= 0 AND mass_mg <= 20000)),
    CONSTRAINT ck_specimen__recording_id CHECK (recording_id IS NULL OR (length(trim(recording_id)) >= 1 AND length(recording_id) <= 200)),
    CONSTRAINT ck_specimen__frame CHECK (frame IS NULL OR (frame >= 0 AND frame <= 2147483647 AND CAST(frame AS INTEGER) = frame)),
    CONSTRAINT ck_specimen__tubule_id CHECK (tubule_id IS NULL OR (tubule_id >= 0 AND tubule_id <= 2147483647 AND CAST(tubule_id AS INTEGER) = tubule_id)),
    CONSTRAINT ck_specimen__x_px CHECK (x_px IS NULL OR (x_px >= -0.5 AND x_px <= 100000)),
    CONSTRAINT ck_specimen__y_px CHECK (y_px IS NULL OR (y_px >= -0.5 AND y_px <= 100000)),
    CONSTRAINT ck_specimen__clock_position CHECK (clock_position IS NULL OR (clock_position >= 0 AND clock_position <= 12)),
    CONSTRAINT ck_specimen__depth_mm CHECK (depth_mm IS NULL OR (depth_mm >= 0 AND depth_mm <= 60)),
    CONSTRAINT ck_specimen__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_specimen__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_specimen__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_specimen__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_specimen__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_specimen__version CHECK (version >= 1)
);

CREATE INDEX ix_specimen_procedure_id ON specimen (procedure_id);

CREATE TABLE dish (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    specimen_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_dish__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT ck_dish__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_dish__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_dish__prepared_at CHECK (prepared_at IS NULL OR (prepared_at >= '1900-01-01' AND prepared_at < '2200-01-01' AND date(prepared_at) IS NOT NULL)),
    CONSTRAINT ck_dish__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_dish__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_dish__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_dish__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_dish__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_dish__version CHECK (version >= 1)
);

CREATE INDEX ix_dish_specimen_id ON dish (specimen_id);

CREATE TABLE goblet (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    cane_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    number INTEGER NOT NULL,
    places INTEGER NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_goblet__cane_id FOREIGN KEY(clinic_id, cane_id) REFERENCES cane (clinic_id, id),
    CONSTRAINT ck_goblet__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_goblet__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_goblet__number CHECK (number IS NULL OR (number >= 1 AND number <= 1000 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_goblet__places CHECK (places IS NULL OR (places >= 1 AND places <= 1000 AND CAST(places AS INTEGER) = places)),
    CONSTRAINT ck_goblet__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_goblet__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_goblet__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_goblet__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_goblet__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_goblet__version CHECK (version >= 1)
);

CREATE INDEX ix_goblet_cane_id ON goblet (cane_id);

CREATE UNIQUE INDEX uq_goblet__number ON goblet (clinic_id, cane_id, number) WHERE voided_at IS NULL;

CREATE TABLE histology (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    patient_id BIGINT NOT NULL,
    specimen_id BIGINT,
    reported_on DATE NOT NULL,
    side VARCHAR(40) NOT NULL,
    pattern VARCHAR(40) NOT NULL,
    johnsen_score DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_histology__patient_id FOREIGN KEY(clinic_id, patient_id) REFERENCES patient (clinic_id, id),
    CONSTRAINT fk_histology__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT ck_histology__reported_on CHECK (reported_on IS NULL OR (reported_on >= '1900-01-01' AND reported_on < '2200-01-01' AND date(reported_on) IS NOT NULL)),
    CONSTRAINT ck_histology__side CHECK (side IS NULL OR (side IN ('left', 'right'))),
    CONSTRAINT ck_histology__pattern CHECK (pattern IS NULL OR (pattern IN ('normal', 'hypospermatogenesis', 'early_maturation_arrest', 'late_maturation_arrest', 'sertoli_cell_only', 'hyalinisation', 'mixed', 'neoplasia_in_situ'))),
    CONSTRAINT ck_histology__johnsen_score CHECK (johnsen_score IS NULL OR (johnsen_score >= 1 AND johnsen_score <= 10)),
    CONSTRAINT ck_histology__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_histology__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_histology__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_histology__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_histology__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_histology__version CHECK (version >= 1)
);

CREATE INDEX ix_histology_patient_id ON histology (patient_id);

CREATE INDEX ix_histology_specimen_id ON histology (specimen_id);

CREATE TABLE oocyte_retrieval (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    cycle_id BIGINT NOT NULL,
    retrieved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    oocytes INTEGER NOT NULL,
    mii INTEGER,
    done_by_id BIGINT,
    witness_id BIGINT,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_oocyte_retrieval__cycle_id FOREIGN KEY(clinic_id, cycle_id) REFERENCES cycle (clinic_id, id),
    CONSTRAINT ck_oocyte_retrieval__retrieved_at CHECK (retrieved_at IS NULL OR (retrieved_at >= '1900-01-01' AND retrieved_at < '2200-01-01' AND date(retrieved_at) IS NOT NULL)),
    CONSTRAINT ck_oocyte_retrieval__oocytes CHECK (oocytes IS NULL OR (oocytes >= 0 AND oocytes <= 100 AND CAST(oocytes AS INTEGER) = oocytes)),
    CONSTRAINT ck_oocyte_retrieval__mii CHECK (mii IS NULL OR (mii >= 0 AND mii <= 100 AND CAST(mii AS INTEGER) = mii)),
    CONSTRAINT fk_oocyte_retrieval__done_by_id FOREIGN KEY(clinic_id, done_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_oocyte_retrieval__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_oocyte_retrieval__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_oocyte_retrieval__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_oocyte_retrieval__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_oocyte_retrieval__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_oocyte_retrieval__oocytes__after_mii CHECK (mii <= oocytes),
    CONSTRAINT ck_oocyte_retrieval__witness_id__not_done_by_id CHECK (done_by_id <> witness_id),
    CONSTRAINT ck_oocyte_retrieval__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_oocyte_retrieval__version CHECK (version >= 1)
);

CREATE INDEX ix_oocyte_retrieval_cycle_id ON oocyte_retrieval (cycle_id);

CREATE INDEX ix_oocyte_retrieval_done_by_id ON oocyte_retrieval (done_by_id);

CREATE INDEX ix_oocyte_retrieval_witness_id ON oocyte_retrieval (witness_id);

CREATE TABLE straw (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    specimen_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    frozen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    frozen_by_id BIGINT NOT NULL,
    witness_id BIGINT NOT NULL,
    sperm INTEGER NOT NULL,
    motile_sperm INTEGER,
    medium VARCHAR(120),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_straw__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT ck_straw__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_straw__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_straw__frozen_at CHECK (frozen_at IS NULL OR (frozen_at >= '1900-01-01' AND frozen_at < '2200-01-01' AND date(frozen_at) IS NOT NULL)),
    CONSTRAINT fk_straw__frozen_by_id FOREIGN KEY(clinic_id, frozen_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_straw__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_straw__sperm CHECK (sperm IS NULL OR (sperm >= 0 AND sperm <= 10000000 AND CAST(sperm AS INTEGER) = sperm)),
    CONSTRAINT ck_straw__motile_sperm CHECK (motile_sperm IS NULL OR (motile_sperm >= 0 AND motile_sperm <= 10000000 AND CAST(motile_sperm AS INTEGER) = motile_sperm)),
    CONSTRAINT ck_straw__medium CHECK (medium IS NULL OR (length(trim(medium)) >= 1 AND length(medium) <= 120)),
    CONSTRAINT ck_straw__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_straw__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_straw__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_straw__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_straw__sperm__after_motile_sperm CHECK (motile_sperm <= sperm),
    CONSTRAINT ck_straw__witness_id__not_frozen_by_id CHECK (frozen_by_id <> witness_id),
    CONSTRAINT ck_straw__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_straw__version CHECK (version >= 1)
);

CREATE INDEX ix_straw_frozen_by_id ON straw (frozen_by_id);

CREATE INDEX ix_straw_specimen_id ON straw (specimen_id);

CREATE INDEX ix_straw_witness_id ON straw (witness_id);

CREATE TABLE transfer (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    cycle_id BIGINT NOT NULL,
    transferred_on DATE NOT NULL,
    kind VARCHAR(40) NOT NULL,
    embryos INTEGER NOT NULL,
    done_by_id BIGINT NOT NULL,
    witness_id BIGINT NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_transfer__cycle_id FOREIGN KEY(clinic_id, cycle_id) REFERENCES cycle (clinic_id, id),
    CONSTRAINT ck_transfer__transferred_on CHECK (transferred_on IS NULL OR (transferred_on >= '1900-01-01' AND transferred_on < '2200-01-01' AND date(transferred_on) IS NOT NULL)),
    CONSTRAINT ck_transfer__kind CHECK (kind IS NULL OR (kind IN ('fresh', 'frozen'))),
    CONSTRAINT ck_transfer__embryos CHECK (embryos IS NULL OR (embryos >= 1 AND embryos <= 10 AND CAST(embryos AS INTEGER) = embryos)),
    CONSTRAINT fk_transfer__done_by_id FOREIGN KEY(clinic_id, done_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_transfer__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_transfer__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_transfer__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_transfer__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_transfer__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_transfer__witness_id__not_done_by_id CHECK (done_by_id <> witness_id),
    CONSTRAINT ck_transfer__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_transfer__version CHECK (version >= 1)
);

CREATE INDEX ix_transfer_cycle_id ON transfer (cycle_id);

CREATE INDEX ix_transfer_done_by_id ON transfer (done_by_id);

CREATE INDEX ix_transfer_witness_id ON transfer (witness_id);

CREATE TABLE viability_test (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    specimen_id BIGINT NOT NULL,
    tested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tested_by_id BIGINT,
    method VARCHAR(40) NOT NULL,
    tested INTEGER NOT NULL,
    viable INTEGER NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_viability_test__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT ck_viability_test__tested_at CHECK (tested_at IS NULL OR (tested_at >= '1900-01-01' AND tested_at < '2200-01-01' AND date(tested_at) IS NOT NULL)),
    CONSTRAINT fk_viability_test__tested_by_id FOREIGN KEY(clinic_id, tested_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_viability_test__method CHECK (method IS NULL OR (method IN ('hypo_osmotic_swelling', 'tail_flexibility', 'laser', 'stimulant', 'eosin'))),
    CONSTRAINT ck_viability_test__tested CHECK (tested IS NULL OR (tested >= 1 AND tested <= 100000 AND CAST(tested AS INTEGER) = tested)),
    CONSTRAINT ck_viability_test__viable CHECK (viable IS NULL OR (viable >= 0 AND viable <= 100000 AND CAST(viable AS INTEGER) = viable)),
    CONSTRAINT ck_viability_test__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_viability_test__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_viability_test__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_viability_test__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_viability_test__tested__after_viable CHECK (viable <= tested),
    CONSTRAINT ck_viability_test__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_viability_test__version CHECK (version >= 1)
);

CREATE INDEX ix_viability_test_specimen_id ON viability_test (specimen_id);

CREATE INDEX ix_viability_test_tested_by_id ON viability_test (tested_by_id);

CREATE TABLE droplet (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    dish_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    volume_ul DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_droplet__dish_id FOREIGN KEY(clinic_id, dish_id) REFERENCES dish (clinic_id, id),
    CONSTRAINT ck_droplet__number CHECK (number IS NULL OR (number >= 1 AND number <= 1000 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_droplet__volume_ul CHECK (volume_ul IS NULL OR (volume_ul >= 0 AND volume_ul <= 5000)),
    CONSTRAINT ck_droplet__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_droplet__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_droplet__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_droplet__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_droplet__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_droplet__version CHECK (version >= 1)
);

CREATE INDEX ix_droplet_dish_id ON droplet (dish_id);

CREATE UNIQUE INDEX uq_droplet__number ON droplet (clinic_id, dish_id, number) WHERE voided_at IS NULL;

CREATE TABLE incubator_absence (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    dish_id BIGINT NOT NULL,
    out_at TIMESTAMP WITH TIME ZONE NOT NULL,
    back_at TIMESTAMP WITH TIME ZONE,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_incubator_absence__dish_id FOREIGN KEY(clinic_id, dish_id) REFERENCES dish (clinic_id, id),
    CONSTRAINT ck_incubator_absence__out_at CHECK (out_at IS NULL OR (out_at >= '1900-01-01' AND out_at < '2200-01-01' AND date(out_at) IS NOT NULL)),
    CONSTRAINT ck_incubator_absence__back_at CHECK (back_at IS NULL OR (back_at >= '1900-01-01' AND back_at < '2200-01-01' AND date(back_at) IS NOT NULL)),
    CONSTRAINT ck_incubator_absence__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_incubator_absence__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_incubator_absence__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_incubator_absence__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_incubator_absence__back_at__after_out_at CHECK (out_at <= back_at),
    CONSTRAINT ck_incubator_absence__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_incubator_absence__version CHECK (version >= 1)
);

CREATE INDEX ix_incubator_absence_dish_id ON incubator_absence (dish_id);

CREATE TABLE injection (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    oocyte_retrieval_id BIGINT NOT NULL,
    oocyte INTEGER NOT NULL,
    specimen_id BIGINT,
    straw_id BIGINT,
    injected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    injected_by_id BIGINT NOT NULL,
    witness_id BIGINT NOT NULL,
    sperm_motile BOOLEAN,
    degenerated BOOLEAN,
    pronuclei INTEGER,
    cleaved BOOLEAN,
    blastocyst BOOLEAN,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_injection__oocyte_retrieval_id FOREIGN KEY(clinic_id, oocyte_retrieval_id) REFERENCES oocyte_retrieval (clinic_id, id),
    CONSTRAINT ck_injection__oocyte CHECK (oocyte IS NULL OR (oocyte >= 1 AND oocyte <= 100 AND CAST(oocyte AS INTEGER) = oocyte)),
    CONSTRAINT fk_injection__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT fk_injection__straw_id FOREIGN KEY(clinic_id, straw_id) REFERENCES straw (clinic_id, id),
    CONSTRAINT ck_injection__injected_at CHECK (injected_at IS NULL OR (injected_at >= '1900-01-01' AND injected_at < '2200-01-01' AND date(injected_at) IS NOT NULL)),
    CONSTRAINT fk_injection__injected_by_id FOREIGN KEY(clinic_id, injected_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_injection__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_injection__sperm_motile CHECK (sperm_motile IS NULL OR (sperm_motile IN (false, true))),
    CONSTRAINT ck_injection__degenerated CHECK (degenerated IS NULL OR (degenerated IN (false, true))),
    CONSTRAINT ck_injection__pronuclei CHECK (pronuclei IS NULL OR (pronuclei >= 0 AND pronuclei <= 10 AND CAST(pronuclei AS INTEGER) = pronuclei)),
    CONSTRAINT ck_injection__cleaved CHECK (cleaved IS NULL OR (cleaved IN (false, true))),
    CONSTRAINT ck_injection__blastocyst CHECK (blastocyst IS NULL OR (blastocyst IN (false, true))),
    CONSTRAINT ck_injection__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_injection__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_injection__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_injection__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_injection__straw_id__alone CHECK (CASE WHEN specimen_id IS NULL THEN 0 ELSE 1 END + CASE WHEN straw_id IS NULL THEN 0 ELSE 1 END <= 1),
    CONSTRAINT ck_injection__witness_id__not_injected_by_id CHECK (injected_by_id <> witness_id),
    CONSTRAINT ck_injection__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_injection__version CHECK (version >= 1)
);

CREATE INDEX ix_injection_injected_by_id ON injection (injected_by_id);

CREATE INDEX ix_injection_oocyte_retrieval_id ON injection (oocyte_retrieval_id);

CREATE INDEX ix_injection_specimen_id ON injection (specimen_id);

CREATE INDEX ix_injection_straw_id ON injection (straw_id);

CREATE INDEX ix_injection_witness_id ON injection (witness_id);

CREATE UNIQUE INDEX uq_injection__oocyte ON injection (clinic_id, oocyte_retrieval_id, oocyte) WHERE voided_at IS NULL;

CREATE TABLE pregnancy (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    transfer_id BIGINT NOT NULL,
    noted_on DATE NOT NULL,
    clinical BOOLEAN,
    sacs INTEGER,
    hearts INTEGER,
    outcome VARCHAR(40) NOT NULL,
    ended_on DATE,
    weeks INTEGER,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_pregnancy__transfer_id FOREIGN KEY(clinic_id, transfer_id) REFERENCES transfer (clinic_id, id),
    CONSTRAINT ck_pregnancy__noted_on CHECK (noted_on IS NULL OR (noted_on >= '1900-01-01' AND noted_on < '2200-01-01' AND date(noted_on) IS NOT NULL)),
    CONSTRAINT ck_pregnancy__clinical CHECK (clinical IS NULL OR (clinical IN (false, true))),
    CONSTRAINT ck_pregnancy__sacs CHECK (sacs IS NULL OR (sacs >= 0 AND sacs <= 8 AND CAST(sacs AS INTEGER) = sacs)),
    CONSTRAINT ck_pregnancy__hearts CHECK (hearts IS NULL OR (hearts >= 0 AND hearts <= 8 AND CAST(hearts AS INTEGER) = hearts)),
    CONSTRAINT ck_pregnancy__outcome CHECK (outcome IS NULL OR (outcome IN ('biochemical', 'ectopic', 'miscarriage', 'termination', 'stillbirth', 'live_birth', 'ongoing', 'lost_to_follow_up'))),
    CONSTRAINT ck_pregnancy__ended_on CHECK (ended_on IS NULL OR (ended_on >= '1900-01-01' AND ended_on < '2200-01-01' AND date(ended_on) IS NOT NULL)),
    CONSTRAINT ck_pregnancy__weeks CHECK (weeks IS NULL OR (weeks >= 0 AND weeks <= 45 AND CAST(weeks AS INTEGER) = weeks)),
    CONSTRAINT ck_pregnancy__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_pregnancy__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_pregnancy__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_pregnancy__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_pregnancy__ended_on__after_noted_on CHECK (noted_on <= ended_on),
    CONSTRAINT ck_pregnancy__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_pregnancy__version CHECK (version >= 1)
);

CREATE INDEX ix_pregnancy_transfer_id ON pregnancy (transfer_id);

CREATE UNIQUE INDEX uq_pregnancy__transfer_id ON pregnancy (clinic_id, transfer_id) WHERE voided_at IS NULL;

CREATE TABLE straw_move (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    straw_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    fate VARCHAR(40) NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    goblet_id BIGINT,
    place INTEGER,
    moved_by_id BIGINT NOT NULL,
    witness_id BIGINT NOT NULL,
    reason VARCHAR(500),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_straw_move__straw_id FOREIGN KEY(clinic_id, straw_id) REFERENCES straw (clinic_id, id),
    CONSTRAINT ck_straw_move__number CHECK (number IS NULL OR (number >= 1 AND number <= 10000 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_straw_move__fate CHECK (fate IS NULL OR (fate IN ('stored', 'moved', 'thawed', 'discarded', 'shipped'))),
    CONSTRAINT ck_straw_move__moved_at CHECK (moved_at IS NULL OR (moved_at >= '1900-01-01' AND moved_at < '2200-01-01' AND date(moved_at) IS NOT NULL)),
    CONSTRAINT fk_straw_move__goblet_id FOREIGN KEY(clinic_id, goblet_id) REFERENCES goblet (clinic_id, id),
    CONSTRAINT ck_straw_move__place CHECK (place IS NULL OR (place >= 1 AND place <= 1000 AND CAST(place AS INTEGER) = place)),
    CONSTRAINT fk_straw_move__moved_by_id FOREIGN KEY(clinic_id, moved_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_straw_move__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_straw_move__reason CHECK (reason IS NULL OR (length(trim(reason)) >= 1 AND length(reason) <= 500)),
    CONSTRAINT ck_straw_move__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_straw_move__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_straw_move__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_straw_move__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_straw_move__witness_id__not_moved_by_id CHECK (moved_by_id <> witness_id),
    CONSTRAINT ck_straw_move__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_straw_move__version CHECK (version >= 1)
);

CREATE INDEX ix_straw_move_goblet_id ON straw_move (goblet_id);

CREATE INDEX ix_straw_move_moved_by_id ON straw_move (moved_by_id);

CREATE INDEX ix_straw_move_straw_id ON straw_move (straw_id);

CREATE INDEX ix_straw_move_witness_id ON straw_move (witness_id);

CREATE UNIQUE INDEX uq_straw_move__number ON straw_move (clinic_id, straw_id, number) WHERE voided_at IS NULL;

CREATE TABLE thaw (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    straw_id BIGINT NOT NULL,
    thawed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    thawed_by_id BIGINT NOT NULL,
    witness_id BIGINT NOT NULL,
    sperm INTEGER,
    motile_sperm INTEGER,
    motility_percent DOUBLE PRECISION,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_thaw__straw_id FOREIGN KEY(clinic_id, straw_id) REFERENCES straw (clinic_id, id),
    CONSTRAINT ck_thaw__thawed_at CHECK (thawed_at IS NULL OR (thawed_at >= '1900-01-01' AND thawed_at < '2200-01-01' AND date(thawed_at) IS NOT NULL)),
    CONSTRAINT fk_thaw__thawed_by_id FOREIGN KEY(clinic_id, thawed_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT fk_thaw__witness_id FOREIGN KEY(clinic_id, witness_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_thaw__sperm CHECK (sperm IS NULL OR (sperm >= 0 AND sperm <= 10000000 AND CAST(sperm AS INTEGER) = sperm)),
    CONSTRAINT ck_thaw__motile_sperm CHECK (motile_sperm IS NULL OR (motile_sperm >= 0 AND motile_sperm <= 10000000 AND CAST(motile_sperm AS INTEGER) = motile_sperm)),
    CONSTRAINT ck_thaw__motility_percent CHECK (motility_percent IS NULL OR (motility_percent >= 0 AND motility_percent <= 100)),
    CONSTRAINT ck_thaw__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_thaw__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_thaw__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_thaw__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_thaw__sperm__after_motile_sperm CHECK (motile_sperm <= sperm),
    CONSTRAINT ck_thaw__witness_id__not_thawed_by_id CHECK (thawed_by_id <> witness_id),
    CONSTRAINT ck_thaw__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_thaw__version CHECK (version >= 1)
);

CREATE INDEX ix_thaw_straw_id ON thaw (straw_id);

CREATE INDEX ix_thaw_thawed_by_id ON thaw (thawed_by_id);

CREATE INDEX ix_thaw_witness_id ON thaw (witness_id);

CREATE UNIQUE INDEX uq_thaw__straw_id ON thaw (clinic_id, straw_id) WHERE voided_at IS NULL;

CREATE TABLE bench_search (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    specimen_id BIGINT NOT NULL,
    dish_id BIGINT,
    droplet_id BIGINT,
    searched_by_id BIGINT NOT NULL,
    method VARCHAR(40) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    share_searched DOUBLE PRECISION,
    complete BOOLEAN NOT NULL,
    candidates INTEGER,
    confirmed_sperm INTEGER,
    motile_sperm INTEGER,
    sensitivity_mean DOUBLE PRECISION,
    sensitivity_low DOUBLE PRECISION,
    sensitivity_high DOUBLE PRECISION,
    weights_sha256 VARCHAR(64),
    result_name VARCHAR(200),
    result_sha256 VARCHAR(64),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_bench_search__specimen_id FOREIGN KEY(clinic_id, specimen_id) REFERENCES specimen (clinic_id, id),
    CONSTRAINT fk_bench_search__dish_id FOREIGN KEY(clinic_id, dish_id) REFERENCES dish (clinic_id, id),
    CONSTRAINT fk_bench_search__droplet_id FOREIGN KEY(clinic_id, droplet_id) REFERENCES droplet (clinic_id, id),
    CONSTRAINT fk_bench_search__searched_by_id FOREIGN KEY(clinic_id, searched_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_bench_search__method CHECK (method IS NULL OR (method IN ('by_eye', 'assisted'))),
    CONSTRAINT ck_bench_search__started_at CHECK (started_at IS NULL OR (started_at >= '1900-01-01' AND started_at < '2200-01-01' AND date(started_at) IS NOT NULL)),
    CONSTRAINT ck_bench_search__ended_at CHECK (ended_at IS NULL OR (ended_at >= '1900-01-01' AND ended_at < '2200-01-01' AND date(ended_at) IS NOT NULL)),
    CONSTRAINT ck_bench_search__share_searched CHECK (share_searched IS NULL OR (share_searched >= 0 AND share_searched <= 1)),
    CONSTRAINT ck_bench_search__complete CHECK (complete IS NULL OR (complete IN (false, true))),
    CONSTRAINT ck_bench_search__candidates CHECK (candidates IS NULL OR (candidates >= 0 AND candidates <= 10000000 AND CAST(candidates AS INTEGER) = candidates)),
    CONSTRAINT ck_bench_search__confirmed_sperm CHECK (confirmed_sperm IS NULL OR (confirmed_sperm >= 0 AND confirmed_sperm <= 10000000 AND CAST(confirmed_sperm AS INTEGER) = confirmed_sperm)),
    CONSTRAINT ck_bench_search__motile_sperm CHECK (motile_sperm IS NULL OR (motile_sperm >= 0 AND motile_sperm <= 10000000 AND CAST(motile_sperm AS INTEGER) = motile_sperm)),
    CONSTRAINT ck_bench_search__sensitivity_mean CHECK (sensitivity_mean IS NULL OR (sensitivity_mean >= 0 AND sensitivity_mean <= 1)),
    CONSTRAINT ck_bench_search__sensitivity_low CHECK (sensitivity_low IS NULL OR (sensitivity_low >= 0 AND sensitivity_low <= 1)),
    CONSTRAINT ck_bench_search__sensitivity_high CHECK (sensitivity_high IS NULL OR (sensitivity_high >= 0 AND sensitivity_high <= 1)),
    CONSTRAINT ck_bench_search__weights_sha256 CHECK (weights_sha256 IS NULL OR (length(trim(weights_sha256)) >= 1 AND length(weights_sha256) <= 64)),
    CONSTRAINT ck_bench_search__result_name CHECK (result_name IS NULL OR (length(trim(result_name)) >= 1 AND length(result_name) <= 200)),
    CONSTRAINT ck_bench_search__result_sha256 CHECK (result_sha256 IS NULL OR (length(trim(result_sha256)) >= 1 AND length(result_sha256) <= 64)),
    CONSTRAINT ck_bench_search__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_bench_search__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_bench_search__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_bench_search__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_bench_search__ended_at__after_started_at CHECK (started_at <= ended_at),
    CONSTRAINT ck_bench_search__confirmed_sperm__after_motile_sperm CHECK (motile_sperm <= confirmed_sperm),
    CONSTRAINT ck_bench_search__sensitivity_mean__after_sensitivity_low CHECK (sensitivity_low <= sensitivity_mean),
    CONSTRAINT ck_bench_search__sensitivity_high__after_sensitivity_mean CHECK (sensitivity_mean <= sensitivity_high),
    CONSTRAINT ck_bench_search__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_bench_search__version CHECK (version >= 1)
);

CREATE INDEX ix_bench_search_dish_id ON bench_search (dish_id);

CREATE INDEX ix_bench_search_droplet_id ON bench_search (droplet_id);

CREATE INDEX ix_bench_search_searched_by_id ON bench_search (searched_by_id);

CREATE INDEX ix_bench_search_specimen_id ON bench_search (specimen_id);

CREATE TABLE embryo (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    injection_id BIGINT NOT NULL,
    code VARCHAR(40) NOT NULL,
    day INTEGER,
    quality VARCHAR(40),
    fate VARCHAR(40),
    fate_on DATE,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_embryo__injection_id FOREIGN KEY(clinic_id, injection_id) REFERENCES injection (clinic_id, id),
    CONSTRAINT ck_embryo__code CHECK (code IS NULL OR (length(trim(code)) >= 1 AND length(code) <= 40 AND code NOT LIKE '%% %%' AND code NOT LIKE '%%@%%')),
    CONSTRAINT uq_embryo__code UNIQUE (clinic_id, code),
    CONSTRAINT ck_embryo__day CHECK (day IS NULL OR (day >= 0 AND day <= 8 AND CAST(day AS INTEGER) = day)),
    CONSTRAINT ck_embryo__quality CHECK (quality IS NULL OR (length(trim(quality)) >= 1 AND length(quality) <= 40)),
    CONSTRAINT ck_embryo__fate CHECK (fate IS NULL OR (fate IN ('frozen', 'discarded', 'arrested', 'donated'))),
    CONSTRAINT ck_embryo__fate_on CHECK (fate_on IS NULL OR (fate_on >= '1900-01-01' AND fate_on < '2200-01-01' AND date(fate_on) IS NOT NULL)),
    CONSTRAINT ck_embryo__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_embryo__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_embryo__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_embryo__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_embryo__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_embryo__version CHECK (version >= 1)
);

CREATE INDEX ix_embryo_injection_id ON embryo (injection_id);

CREATE UNIQUE INDEX uq_embryo__injection_id ON embryo (clinic_id, injection_id) WHERE voided_at IS NULL;

CREATE TABLE newborn (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    pregnancy_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    born_on DATE NOT NULL,
    alive BOOLEAN NOT NULL,
    sex VARCHAR(40) NOT NULL,
    weight_g DOUBLE PRECISION,
    anomaly VARCHAR(200),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_newborn__pregnancy_id FOREIGN KEY(clinic_id, pregnancy_id) REFERENCES pregnancy (clinic_id, id),
    CONSTRAINT ck_newborn__number CHECK (number IS NULL OR (number >= 1 AND number <= 8 AND CAST(number AS INTEGER) = number)),
    CONSTRAINT ck_newborn__born_on CHECK (born_on IS NULL OR (born_on >= '1900-01-01' AND born_on < '2200-01-01' AND date(born_on) IS NOT NULL)),
    CONSTRAINT ck_newborn__alive CHECK (alive IS NULL OR (alive IN (false, true))),
    CONSTRAINT ck_newborn__sex CHECK (sex IS NULL OR (sex IN ('female', 'male', 'unknown'))),
    CONSTRAINT ck_newborn__weight_g CHECK (weight_g IS NULL OR (weight_g >= 100 AND weight_g <= 8000)),
    CONSTRAINT ck_newborn__anomaly CHECK (anomaly IS NULL OR (length(trim(anomaly)) >= 1 AND length(anomaly) <= 200)),
    CONSTRAINT ck_newborn__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_newborn__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_newborn__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_newborn__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_newborn__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_newborn__version CHECK (version >= 1)
);

CREATE INDEX ix_newborn_pregnancy_id ON newborn (pregnancy_id);

CREATE UNIQUE INDEX uq_newborn__number ON newborn (clinic_id, pregnancy_id, number) WHERE voided_at IS NULL;

CREATE TABLE confirmed_sperm (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    bench_search_id BIGINT NOT NULL,
    confirmed_by_id BIGINT NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    track_id INTEGER,
    frame INTEGER,
    x_px DOUBLE PRECISION,
    y_px DOUBLE PRECISION,
    probability DOUBLE PRECISION,
    motility VARCHAR(40),
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_confirmed_sperm__bench_search_id FOREIGN KEY(clinic_id, bench_search_id) REFERENCES bench_search (clinic_id, id),
    CONSTRAINT fk_confirmed_sperm__confirmed_by_id FOREIGN KEY(clinic_id, confirmed_by_id) REFERENCES staff (clinic_id, id),
    CONSTRAINT ck_confirmed_sperm__confirmed_at CHECK (confirmed_at IS NULL OR (confirmed_at >= '1900-01-01' AND confirmed_at < '2200-01-01' AND date(confirmed_at) IS NOT NULL)),
    CONSTRAINT ck_confirmed_sperm__track_id CHECK (track_id IS NULL OR (track_id >= 0 AND track_id <= 2147483647 AND CAST(track_id AS INTEGER) = track_id)),
    CONSTRAINT ck_confirmed_sperm__frame CHECK (frame IS NULL OR (frame >= 0 AND frame <= 2147483647 AND CAST(frame AS INTEGER) = frame)),
    CONSTRAINT ck_confirmed_sperm__x_px CHECK (x_px IS NULL OR (x_px >= -0.5 AND x_px <= 100000)),
    CONSTRAINT ck_confirmed_sperm__y_px CHECK (y_px IS NULL OR (y_px >= -0.5 AND y_px <= 100000)),
    CONSTRAINT ck_confirmed_sperm__probability CHECK (probability IS NULL OR (probability >= 0 AND probability <= 1)),
    CONSTRAINT ck_confirmed_sperm__motility CHECK (motility IS NULL OR (motility IN ('rapid', 'slow', 'non_progressive', 'immotile'))),
    CONSTRAINT ck_confirmed_sperm__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_confirmed_sperm__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_confirmed_sperm__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_confirmed_sperm__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_confirmed_sperm__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_confirmed_sperm__version CHECK (version >= 1)
);

CREATE INDEX ix_confirmed_sperm_bench_search_id ON confirmed_sperm (bench_search_id);

CREATE INDEX ix_confirmed_sperm_confirmed_by_id ON confirmed_sperm (confirmed_by_id);

CREATE TABLE transferred_embryo (
    id BIGSERIAL NOT NULL,
    clinic_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    transfer_id BIGINT NOT NULL,
    embryo_id BIGINT NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE,
    void_reason VARCHAR(500),
    PRIMARY KEY (id),
    CONSTRAINT fk_transferred_embryo__transfer_id FOREIGN KEY(clinic_id, transfer_id) REFERENCES transfer (clinic_id, id),
    CONSTRAINT fk_transferred_embryo__embryo_id FOREIGN KEY(clinic_id, embryo_id) REFERENCES embryo (clinic_id, id),
    CONSTRAINT ck_transferred_embryo__voided_at CHECK (voided_at IS NULL OR (voided_at >= '1900-01-01' AND voided_at < '2200-01-01' AND date(voided_at) IS NOT NULL)),
    CONSTRAINT ck_transferred_embryo__void_reason CHECK (void_reason IS NULL OR (length(trim(void_reason)) >= 1 AND length(void_reason) <= 500)),
    CONSTRAINT uq_transferred_embryo__id UNIQUE (clinic_id, id),
    CONSTRAINT fk_transferred_embryo__clinic_id FOREIGN KEY(clinic_id) REFERENCES clinic (id),
    CONSTRAINT ck_transferred_embryo__void_reason__whole CHECK ((voided_at IS NULL) = (void_reason IS NULL)),
    CONSTRAINT ck_transferred_embryo__version CHECK (version >= 1)
);

CREATE INDEX ix_transferred_embryo_embryo_id ON transferred_embryo (embryo_id);

CREATE INDEX ix_transferred_embryo_transfer_id ON transferred_embryo (transfer_id);

CREATE UNIQUE INDEX uq_transferred_embryo__embryo_id ON transferred_embryo (clinic_id, embryo_id) WHERE voided_at IS NULL;
