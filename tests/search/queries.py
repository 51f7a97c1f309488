"""What readers type, and where it has to lead: within the first three pages.

BOOK is asked of the built book: query, page, and the section or entry that must be among the
three hits shown for that page. NOTES is asked of a stand-in for the chapters that are not
written yet: a page for each section of the lecture notes, named here by how its title begins.
"""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """One row of a table; no section: the page is enough."""

    text: str
    page: str
    section: str = ""


RNN, GLOSSARY, STUDENTS, WORKS = "easy/rnn", "glossary", "students", "references"

BOOK = [
    # one syllable
    Query("망", GLOSSARY, "순환 신경망"),
    Query("층", GLOSSARY, "은닉층"),
    Query("열", GLOSSARY, "시계열"),
    # nouns inside particles and verbs
    Query("학습", RNN, "무엇을 찾나요?"),
    Query("추론", GLOSSARY, "추론"),
    Query("기울기", GLOSSARY, "기울기"),
    Query("손실", RNN, "손실"),
    Query("확률", RNN, "다음 글자의 확률"),
    Query("순서", RNN, "순서가 뜻을 만듭니다"),
    Query("기억", RNN, "첫 글자를 기억할 수 있나"),
    Query("보상", "notes-map", "거대 언어 모델의 학습"),
    Query("채점", STUDENTS, "채점은 이렇게 합니다"),
    Query("제출", STUDENTS, "제출하기"),
    Query("패딩", RNN, "인사말을 쓰는 모델"),
    Query("헌법", RNN, "큰 글을 배우면?"),
    Query("표준어", RNN, "여섯 글자를 배웁니다"),
    # inflected queries
    Query("학습한다", RNN, "무엇을 찾나요?"),
    Query("학습시키는", RNN, "무엇을 찾나요?"),
    Query("기울기를", RNN, "무엇을 찾나요?"),
    Query("신경망은", GLOSSARY, "순환 신경망"),
    Query("잊는다", RNN, "첫 글자를 기억할 수 있나"),
    Query("제출합니다", STUDENTS, "제출하기"),
    Query("배운다", RNN),
    Query("만든다", RNN),
    Query("폭발하는", RNN, "경사 클리핑"),
    Query("과적합이란", GLOSSARY, "과적합"),
    Query("되돌리려면", STUDENTS, "원래 칸 되돌리기"),
    # compounds and their spelling
    Query("경사소실", RNN, "경사소실과 경사폭발"),
    Query("경사 소실", RNN, "경사소실과 경사폭발"),
    Query("은닉상태", RNN, "벡터로 넓히기"),
    Query("은닉 상태", GLOSSARY, "은닉 상태"),
    Query("순환신경망", GLOSSARY, "순환 신경망"),
    Query("다음글자", RNN, "다음 글자의 확률"),
    Query("헌 법", RNN, "큰 글을 배우면?"),
    Query("신경 망", GLOSSARY, "순환 신경망"),
    Query("첫글자", RNN, "첫 글자를 기억할 수 있나"),
    Query("자동미분", RNN, "코드로 따라가기"),
    Query("숨은테스트", STUDENTS, "채점은 이렇게 합니다"),
    Query("손 실 함 수", GLOSSARY, "손실 함수"),
    Query("장단기메모리", GLOSSARY, "장단기 메모리"),
    Query("원핫벡터", RNN),
    # variants that the glossary bans
    Query("기울기 소실", RNN, "경사소실과 경사폭발"),
    Query("그래디언트 소실", RNN, "경사소실과 경사폭발"),
    Query("기울기 폭발", RNN, "경사소실과 경사폭발"),
    Query("재귀 신경망", GLOSSARY, "순환 신경망"),
    Query("히든 스테이트", GLOSSARY, "은닉 상태"),
    Query("파라미터", GLOSSARY, "매개변수"),
    Query("오버피팅", GLOSSARY, "과적합"),
    Query("티처 포싱", RNN, "손실"),
    Query("그래디언트 클리핑", RNN, "경사 클리핑"),
    Query("비용 함수", GLOSSARY, "손실 함수"),
    # English and abbreviations
    Query("RNN", GLOSSARY, "순환 신경망"),
    Query("rnn", RNN, "시계열 모델(RNN)"),
    Query("recurrent neural network", GLOSSARY, "순환 신경망"),
    Query("vanishing gradient", RNN, "경사소실과 경사폭발"),
    Query("Vanishing Gradients", GLOSSARY, "경사소실"),
    Query("hidden state", GLOSSARY, "은닉 상태"),
    Query("LSTM", RNN, "LSTM이 놓이는 자리"),
    Query("lstm 게이트", RNN, "LSTM이 놓이는 자리"),
    Query("bptt", GLOSSARY, "시간 역전파"),
    Query("softmax", RNN, "다음 글자의 확률"),
    Query("embedding", RNN, "인사말을 쓰는 모델"),
    Query("overfitting", RNN, "큰 글을 배우면?"),
    Query("GPU", STUDENTS, "GPU 쓰기"),
    Query("colab", STUDENTS, "Colab에서 하기"),
    Query("Elman 1990", WORKS),
    Query("Pascanu", WORKS),
    # several words
    Query("RNN의 단점", RNN, "첫 글자를 기억할 수 있나"),
    Query("늦은 제출 감점", STUDENTS, "제출하기"),
    Query("W_h의 기울기", RNN),
    Query("런타임 유형 변경", STUDENTS, "GPU 쓰기"),
    # code
    Query("clip_grad_norm_", RNN, "인사말을 쓰는 모델"),
    Query("clip_grad", RNN, "첫 글자를 기억할 수 있나"),
    Query("grad_norm", RNN),
    Query("torch.nn.RNN", RNN),
    Query("CharModel", RNN, "인사말을 쓰는 모델"),
    Query("requires_grad", RNN),
    Query("multinomial", RNN, "인사말을 쓰는 모델"),
    Query("NameError: name 'kit' is not defined", STUDENTS, "자주 묻는 질문"),
    Query("mat1 and mat2 shapes cannot be multiplied (5x32 and 64x6)", "errors"),
    Query("CUDA out of memory", "errors"),
    # as one types
    Query("학스", RNN),
    Query("경사폭바", RNN, "왜 곱셈이 문제일까요?"),
]

NOTES = [
    Query("시계열", "시계열 모델"),
    Query("은닉층을", "시계열 모델"),
    Query("히든레이어", "시계열 모델"),
    Query("hidden state", "시계열 모델"),
    Query("은닉 상태", "시계열 모델"),
    Query("순환 신경망", "시계열 모델"),
    Query("rnn 단점", "시계열 모델"),
    Query("경사소실", "시계열 모델"),
    Query("역전파", "시계열 모델"),
    Query("잊는다", "시계열 모델"),
    Query("어텐션", "파운데이션 모델의 3가지 구성요소"),
    Query("multi-head", "Transformer 모델"),
    Query("query key value", "Transformer 모델"),
    Query("문맥 벡터", "Transformer 모델"),
    Query("encoder", "Transformer 모델"),
    Query("가중평균", "Transformer 모델"),
    Query("패치", "모달"),
    Query("멀티모달모델", "모달"),
    Query("사물인식", "모달"),
    Query("이미지 생성", "Foundation 모델"),
    Query("diffusion", "Foundation 모델"),
    Query("노이즈를 제거한다", "Foundation 모델"),
    Query("파인튜닝", "Foundation 모델"),
    Query("프롬프트", "사전 지식"),
    Query("빅데이터", "파운데이션 모델의 3가지 구성요소"),
    Query("자가학습", "파운데이션 모델의 3가지 구성요소"),
    Query("망", "파운데이션 모델의 3가지 구성요소"),
    Query("GPT-2", "파운데이션 모델의 3가지 구성 요소 in"),
    Query("bert", "파운데이션 모델의 3가지 구성 요소 in"),
    Query("규모의법칙", "텍스트 파운데이션 모델(거대 언어 모델)의 특이점"),
    Query("scaling law", "텍스트 파운데이션 모델(거대 언어 모델)의 특이점"),
    Query("창발성", "텍스트 파운데이션 모델(거대 언어 모델)의 특이점"),
    Query("인컨텍스트 학습", "텍스트 파운데이션 모델(거대 언어 모델)의 특이점"),
    Query("chatgpt", "폐쇄형"),
    Query("무료 다운로드", "개방형"),
    Query("llama", "개방형"),
    Query("학습 비용", "거대 언어 모델의 학습"),
    Query("다음토큰예측", "거대 언어 모델의 학습"),
    Query("유해한 응답", "거대 언어 모델의 학습"),
    Query("매개변수", "거대 언어 모델의 학습"),
    Query("지시학습", "정렬(Alignment) 학습"),
    Query("instruction tuning", "정렬(Alignment) 학습"),
    Query("선호 학습", "정렬(Alignment) 학습"),
    Query("RLHF", "정렬(Alignment) 학습"),
    Query("강화학습", "InstructGPT"),
    Query("보상", "InstructGPT"),
    Query("보상 모델을", "InstructGPT"),
    Query("사람의 선호도", "InstructGPT"),
    Query("greedy decoding", "디코딩"),
    Query("beam search", "디코딩"),
    Query("샘플링", "디코딩"),
    Query("누적확률", "디코딩"),
    Query("top-p", "디코딩"),
    Query("감정분류", "거대 언어 모델의 평가"),
    Query("정확도를", "거대 언어 모델의 평가"),
    Query("perplexity", "거대 언어 모델의 평가"),
    Query("위치편향", "거대 언어 모델의 평가"),
    Query("LLM-as-judge", "거대 언어 모델의 평가"),
    Query("합성데이터", "거대 언어 모델의 응용"),
]
